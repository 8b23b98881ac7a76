"""The computed set: deterministic, tiles, and goes through prepare whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine.measures import tile_seam
from gan_train.demo_data import PATTERNS, write_demo_data
from gan_train.demo_planets import PLANETS
from gan_train.errors import DatasetError
from gan_train.manifest import read_manifest
from gan_train.prepare import PrepareOptions, prepare


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_set_is_the_same_each_time_and_goes_through_prepare(tmp_path):
    first = write_demo_data(tmp_path / "one", count=8, size=128, seed=3)
    second = write_demo_data(tmp_path / "two", count=8, size=128, seed=3)
    other = write_demo_data(tmp_path / "three", count=1, size=128, seed=4)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert other[0].read_bytes() != first[0].read_bytes()
    report = prepare(PrepareOptions(source=tmp_path / "one", out=tmp_path / "data", size=128))
    manifest = report.manifest
    assert manifest.labels == tuple(sorted(PATTERNS)) and len(manifest.items) == 8 * len(PATTERNS)
    assert not manifest.left_out and not report.notes
    assert manifest.licences == {"CC0-1.0": len(manifest.items)} and all(
        item.tileable for item in manifest.items
    )


@pytest.mark.parametrize("label", PATTERNS)
@pytest.mark.parametrize("size", [64, 160])
def test_every_pattern_tiles(label, size):
    whole, cut = [], []
    for seed in range(6):
        image = np.clip(PATTERNS[label](size, np.random.default_rng(seed)), 0, 1)
        assert image.shape == (size, size, 3)
        assert 0.05 < image.mean() < 0.95 and image.std() > 0.01
        image = np.roll(image, (seed * 17, seed * 29), (0, 1))  # where the seam falls must not matter
        whole.append(tile_seam(image))
        cut.append(tile_seam(image[: size * 3 // 4, : size * 3 // 4]))
    assert np.mean(whole) < 1.2 and np.mean(cut) > np.mean(whole) + 0.1, (whole, cut)


def test_refusals(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for out, options in (
        (tmp_path / "full", {}),
        (tmp_path / "a", {"count": 0}),
        (tmp_path / "a", {"size": 100}),
    ):
        with pytest.raises(DatasetError):
            write_demo_data(out, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


@pytest.mark.parametrize("label", PLANETS)
def test_planets_are_lit_globes_on_nothing(label):
    one, again, other = (PLANETS[label](64, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (64, 64, 4) and np.isfinite(one).all() and one.min() >= 0 and one.max() <= 1
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    alpha = one[..., 3]
    border = np.concatenate([alpha[[0, -1]].ravel(), alpha[:, [0, -1]].ravel()])
    assert border.max() < 0.004 and alpha[32, 32] == 1
    assert ((alpha > 0) & (alpha < 1)).any(), "its edge is smooth"
    light = (one[..., :3].mean(2) * alpha)[16:48, 16:48]
    if label != "molten":  # which shines by itself
        assert light[:12, :12].mean() > 1.5 * light[-12:, -12:].mean(), "the sun stands at the upper left"


def test_planets_go_through_prepare_with_their_alpha(planets_dataset, tmp_path):
    pictures = planets_dataset.parent / "pictures"
    kept = read_manifest(planets_dataset)
    filled = prepare(PrepareOptions(pictures, tmp_path / "filled", size=128, min_per_label=1)).manifest
    assert kept.labels == filled.labels == tuple(sorted(PLANETS))
    assert kept.licences == {"CC0-1.0": 3 * len(PLANETS)} and not any(item.tileable for item in kept.items)
    item = kept.items[0]
    stored, made = pixels(kept.path(item)), pixels(pictures / Path(item.file).relative_to("images"))
    assert np.array_equal(stored[..., 3], made[..., 3])
    solid = made[..., 3] == 255
    assert np.array_equal(stored[solid], made[solid])
    assert pixels(filled.path(filled.items[0])).shape == (128, 128, 3)
