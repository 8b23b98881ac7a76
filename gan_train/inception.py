"""Real FID and KID where torch-fidelity and its Inception weights lie on this machine; nothing is ever downloaded.

Previous station: picture_sets.py. Next: comparison.py. Heusel et al. 2017 (FID), Binkowski et al. 2018 (KID).
"""

from pathlib import Path

import numpy as np
import torch

from .errors import ConfigError

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{WEIGHTS}"
SUBSETS, SUBSET = 100, 1000  # of KID; fewer pictures make smaller subsets


class Inception:
    """torch-fidelity with weights from a file."""

    def __init__(self, weights: Path | None = None):
        """`weights`: the file; None: where torch.hub would have put it. ConfigError where package or file lack."""
        try:
            import torch_fidelity
        except (ImportError, RuntimeError) as error:  # RuntimeError: its torchvision is of another torch
            raise ConfigError(
                f"--fid needs the package torch-fidelity ({error}): pip install torch-fidelity, or leave --fid out."
            ) from error
        self.weights = weights or Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS
        if not self.weights.is_file():
            raise ConfigError(
                f"{self.weights}: no Inception weights here, and measure downloads nothing. "
                f"Fetch {SOURCE} and give the file: --fid FILE."
            )
        self.fidelity = torch_fidelity

    def distances(self, real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
        """[N, H, W, 3] and [M, H, W, 3] uint8 -> {"fid": ..., "kid": ...}."""
        found = self.fidelity.calculate_metrics(
            input1=_Pictures(fake),
            input2=_Pictures(real),
            cuda=torch.cuda.is_available(),
            fid=True,
            kid=True,
            kid_subsets=SUBSETS,
            kid_subset_size=min(SUBSET, len(real), len(fake)),
            feature_extractor_weights_path=str(self.weights),
            cache=False,
            save_cpu_ram=True,  # no worker processes
            verbose=False,
        )
        return {
            "fid": float(found["frechet_inception_distance"]),
            "kid": float(found["kernel_inception_distance_mean"]),
        }


class _Pictures(torch.utils.data.Dataset):
    """[N, H, W, 3] uint8 as the [3, H, W] uint8 tensors that torch-fidelity reads."""

    def __init__(self, pictures: np.ndarray):
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.pictures[index].transpose(2, 0, 1)))
