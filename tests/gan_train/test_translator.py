"""The network that pictures go through: how far it looks, that it wraps, that its file computes the same."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import onnxruntime  # noqa: E402
from PIL import Image  # noqa: E402

from gan_train.export import write_graph  # noqa: E402
from gan_train.family import Deployment  # noqa: E402
from gan_train.image_input import IMAGE_AXES, example_image, image_input, image_output, map_entries  # noqa: E402
from gan_train.translator import Translator, bicubic  # noqa: E402

SHAPES = {
    "two steps down": {"width": (6, 8, 8), "depth": 2},
    "larger": {"width": (8,), "depth": 2, "grow": (8, 8)},
    "with a look": {"width": (6, 8, 8), "depth": 1, "look": 5},
    "down and larger": {"width": (6, 8), "depth": 1, "grow": (8,)},
}


@pytest.fixture(params=SHAPES)
def network(request):
    torch.manual_seed(0)
    return Translator(3, 4, **SHAPES[request.param])


class Labelled(torch.nn.Module):
    """Arguments are called what the inputs are."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image, label):
        return self.network(image, label)


def look_of(network, n):
    return torch.randn(n, 5) if hasattr(network.blocks[0].first, "style") else None


@torch.no_grad()
def test_the_margin_is_how_far_it_looks_and_it_wraps(network):
    network.double()
    margin, cell, scale = network.margin(), network.multiple_of, network.scale
    side, look = 2 * margin + 3 * cell, look_of(network, 1)
    look = look if look is None else look.double()
    x = torch.randn(1, 3, side, side, dtype=torch.float64)
    drawn, reached = network(x, look), 0
    for place in range(margin + cell, margin + 2 * cell):
        moved = x.clone()
        moved[:, :, place, place] += 3
        rows = (network(moved, look) - drawn).abs().amax((0, 1, 3)).nonzero().flatten() // scale
        reached = max(reached, int(rows.max()) - place, place - int(rows.min()))
    assert margin - cell < reached <= margin
    rolled = network(torch.roll(x, (cell, 2 * cell), (2, 3)), look)
    assert torch.equal(rolled, torch.roll(drawn, (cell * scale, 2 * cell * scale), (2, 3)))


def test_its_file_computes_the_same_at_any_size_and_batch(tmp_path):
    torch.manual_seed(0)
    network, names, made = (
        Translator(3, 4, (6, 8), 1, (8,), look=5),
        ("base_color",),
        ("base_color", "roughness"),
    )
    inputs = [image_input(names, network.margin(), network.multiple_of, network.scale)]
    inputs.append({"name": "label", "kind": "label", "shape": ["N", 5], "labels": list("abcde")})
    deployment = Deployment(
        Labelled(network).eval(),
        {"image": example_image(names), "label": torch.randn(2, 5)},
        {"image": IMAGE_AXES, "label": {0: "N"}},
        inputs,
        image_output(made, network.scale),
        map_entries(made),
        True,
    )
    write_graph(deployment, tmp_path / "small.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "small.onnx"))
    for n, h, w in ((1, 8, 8), (6, 64, 24), (1, 200, 136)):
        x, look = torch.rand(n, 3, h, w) * 2 - 1, torch.randn(n, 5)
        with torch.no_grad():
            ours = network(x, look).numpy()
        (theirs,) = session.run(None, {"image": x.numpy(), "label": look.numpy()})
        assert theirs.shape == (n, 4, 2 * h, 2 * w)
        assert np.abs(ours - theirs).max() < 1e-4


def test_bicubic_is_what_pillow_does_to_a_tiled_picture():
    x = torch.rand(1, 2, 12, 16)
    made = bicubic(x, 4)
    tiled = Image.fromarray(np.tile(x[0, 1].numpy(), (3, 3))).resize((192, 144), Image.Resampling.BICUBIC)
    assert np.abs(made[0, 1].numpy() - np.asarray(tiled)[48:96, 64:128]).max() < 1e-5
