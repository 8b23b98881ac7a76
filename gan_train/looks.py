"""What the generator is told of a material, remembered for each and blended within a label. No networks, no losses.

Before: textons.py. After: families/texture.py.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import steady_matmul


class Looks(nn.Module):
    """Look codes and textons of a label: soft blends of those of its materials.

    z [N, d], label [N, K], psi [N, 1] -> look [N, d], texton [N, C, k*k + 1], steps [N, P*P + 1]. Each material has a
    fixed direction in z; how far z lies along it decides its share. psi 0 is the mean of the label, 1 as trained; more
    leans on one material.
    """

    def __init__(
        self,
        labels: int,
        material_labels: tuple[int, ...],
        length: int,
        texton: tuple[int, int],
        period: int,
        sharpness: float,
        noise: float,
    ):
        """`material_labels`: for each material the index of its label; `texton`: channels and side;
        `period`: side of the lattice, in cells."""
        super().__init__()
        m, d, (channels, side) = len(material_labels), length, texton
        directions = torch.randn(d, m, generator=torch.Generator().manual_seed(0))
        member = F.one_hot(torch.tensor(material_labels), labels).float().t()
        self.sharpness, self.noise = sharpness, noise
        self.register_buffer("directions", directions / directions.norm(dim=0), persistent=False)
        self.register_buffer("member", member, persistent=False)  # [K, M]
        self.register_buffer("codes", torch.zeros(m, d))
        self.register_buffer("textons", torch.zeros(m, channels, side * side + 1))
        self.register_buffer("steps", torch.zeros(m, period * period + 1))
        self.register_buffer("seen", torch.zeros(m))

    def forward(self, z: Tensor, label: Tensor, psi: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """label [N, K] one-hot or a mixture, psi [N, 1]."""
        member = label @ (self.member * self.seen)  # [N, M]
        scores = self.sharpness * psi * (z @ self.directions)
        scores = torch.where(member > 0, scores + member.clamp(min=1e-9).log(), torch.full_like(scores, -1e9))
        share = torch.softmax(scores, 1)
        texton = steady_matmul(share, self.textons.flatten(1)).unflatten(1, self.textons.shape[1:])
        look = steady_matmul(share, self.codes) + self.noise * psi * z
        return look, texton, steady_matmul(share, self.steps)

    def remember(self, material: Tensor, code: Tensor, texton: Tensor, steps: Tensor) -> None:
        """Moving average of the codes [n, d] of materials [n], and their newest textons and steps."""
        code = code.float()
        self.textons[material], self.steps[material] = texton, steps
        old = self.codes[material]
        self.codes[material] = torch.where(self.seen[material, None] > 0, torch.lerp(old, code, 0.2), code)
        self.seen[material] = 1.0
