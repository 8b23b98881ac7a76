"""Whole pictures of a dataset: alpha kept or absent, mirrored, drawn from (seed, step) alone."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train.errors import ConfigError  # noqa: E402
from gan_train.families.style_config import StyleConfig  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.whole_pictures import WholePictureSampler  # noqa: E402

CPU = torch.device("cpu")


def config(**settings) -> StyleConfig:
    return StyleConfig(
        **{"resolution": 64, "patch": 4, "width": (8,) * 3, "critic_width": (8,) * 3, **settings}
    )


def test_alpha_comes_through(planets_dataset):
    sampler = WholePictureSampler(planets_dataset, config())
    assert sampler.domain.maps == ("base_color", "alpha") and len(sampler.domain.labels) == 5
    batch = sampler(0, 0, CPU)
    picture = batch["picture"]
    assert picture.shape == (8, 4, 64, 64) and picture.dtype == torch.float32
    assert picture.min() >= -1 and picture.max() <= 1
    assert (picture[:, 3, 0, 0] == -1).all() and (picture[:, 3, 32, 32] == 1).all(), "a globe on nothing"


def test_pictures_without_alpha_have_three_channels(small_dataset):
    sampler = WholePictureSampler(small_dataset, config())
    assert sampler.domain.maps == ("base_color",)
    assert sampler(0, 0, CPU)["picture"].shape == (8, 3, 64, 64)


def test_a_step_is_a_function_of_seed_and_step(planets_dataset):
    sampler = WholePictureSampler(planets_dataset, config())
    first, again, other = sampler(1, 5, CPU), sampler(1, 5, CPU), sampler(1, 6, CPU)
    assert torch.equal(first["picture"], again["picture"]) and torch.equal(first["label"], again["label"])
    assert not torch.equal(first["picture"], other["picture"])


def test_labels_belong_to_their_pictures_and_mirrors_are_asked_for(planets_dataset):
    for mirror in (False, True):
        sampler = WholePictureSampler(planets_dataset, config(mirror=mirror, batch=32))
        batch = sampler(0, 0, CPU)
        pixels = ((batch["picture"] + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
        straight = 0
        for picture, label in zip(pixels, batch["label"].tolist(), strict=True):
            known = sampler.pictures[sampler.labels == label]
            as_is = (known == picture).all((1, 2, 3)).any()
            assert as_is or (known[:, :, ::-1] == picture).all((1, 2, 3)).any()
            straight += as_is
        assert (straight < 32) if mirror else (straight == 32)


def test_oblong_pictures_give_their_middle(tmp_path):
    for name, size in (("a", (128, 200)), ("b", (200, 128))):
        folder = tmp_path / "in" / "label"
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name)).integers(0, 255, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    prepare(PrepareOptions(tmp_path / "in", tmp_path / "out", size=128, min_per_label=1, heldout=0.0))
    assert WholePictureSampler(tmp_path / "out", config()).pictures.shape[1:] == (64, 64, 3)


def test_too_small_is_refused(planets_dataset):
    with pytest.raises(ConfigError, match="smaller than the resolution of 256"):
        WholePictureSampler(planets_dataset, config(resolution=256, width=(8,) * 5, critic_width=(8,) * 5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"resolution": 96},
        {"width": (8, 8)},
        {"critic_width": (8, 8, 8, 8)},
        {"patch": 3},
        {"loss": "hinge"},
        {"augment": "some"},
        {"mixing": 2.0},
        {"batch": 1},
    ],
)
def test_settings_that_do_not_fit_are_errors(wrong):
    with pytest.raises(ConfigError, match="must be"):
        config(**wrong)
