"""Small pictures made out of large ones: shrunk alike everywhere, and JPEG's loss as JPEG has it."""

import io

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train.degradation import Degradation, blurred, degrade, jpeg, shrunk  # noqa: E402

from .pictures import texture  # noqa: E402

COLOR = torch.tensor([True, True, True, False])


def picture(n=4, size=64):
    pixels = np.stack([texture(seed, size) for seed in range(n)]).transpose(0, 3, 1, 2)
    return torch.from_numpy(pixels).float() / 127.5 - 1


@pytest.mark.parametrize("scale", [2, 4])
def test_what_is_clean_is_only_shrunk_and_wraps(scale):
    x = torch.cat((picture(), picture()[:, :1]), 1)

    def made(x):
        how = Degradation(clean=1.0, blur=2.0, noise=30.0, jpeg=30)
        return degrade(x, scale, how, COLOR, torch.Generator().manual_seed(0))

    small = made(x)
    either = torch.stack([torch.nn.functional.avg_pool2d(x, scale), shrunk(x, scale).clamp(-1, 1)])
    assert small.shape == (4, 4, 64 // scale, 64 // scale)
    assert torch.allclose((either - small).abs().amax((2, 3, 4)).min(0).values, torch.zeros(4), atol=1e-6)
    rolled = made(torch.roll(x, (scale, 2 * scale), (2, 3)))
    assert torch.allclose(rolled, torch.roll(small, (1, 2), (2, 3)), atol=1e-5)


def test_data_maps_get_neither_noise_nor_jpeg():
    x = torch.cat((picture(), picture()[:, :1]), 1)
    how = Degradation(clean=0.0, blur=0.0, noise=30.0, jpeg=30)
    small = degrade(x, 2, how, COLOR, torch.Generator().manual_seed(0))
    clean = degrade(x, 2, Degradation(1.0, 0.0, 0.0, 100), COLOR, torch.Generator().manual_seed(0))
    either = torch.stack([torch.nn.functional.avg_pool2d(x, 2), shrunk(x, 2).clamp(-1, 1)])[:, :, 3]
    assert (either - small[:, 3]).abs().amax((2, 3)).min(0).values.max() < 1e-6
    assert (small[:, :3] - clean[:, :3]).abs().mean() > 0.005
    assert torch.isfinite(small).all() and small.abs().max() <= 1


def test_jpeg_is_what_pillow_does():
    x = picture(2, 48)
    ours = jpeg(x, torch.full((2, 1, 1, 1), 60.0))
    for given, made in zip(x, ours, strict=True):
        pixels = ((given.permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8)
        Image.fromarray(pixels).save(stream := io.BytesIO(), "JPEG", quality=60, subsampling=0)
        theirs = np.asarray(Image.open(stream)).astype(float)
        mine = (made.permute(1, 2, 0).numpy() + 1) * 127.5
        off, lost = np.abs(mine - theirs).mean(), np.abs(pixels - theirs).mean()
        assert off < 1.3 and 2 * off < lost, "no more than what a decoder's rounding does"


def test_blur_keeps_the_mean_and_none_changes_nothing():
    x = picture(2)
    made = blurred(x, torch.tensor([0.0, 1.5]).reshape(2, 1, 1, 1))
    assert torch.allclose(made[0], x[0], atol=1e-5) and made[1].std() < x[1].std()
    assert torch.allclose(made.mean((2, 3)), x.mean((2, 3)), atol=1e-5)
