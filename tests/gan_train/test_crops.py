"""What the texture family trains on: crops where they may lie, rolled where the picture wraps, labels drawn evenly."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train.dataset import CropSampler, draw_window  # noqa: E402
from gan_train.errors import ConfigError  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402

CPU = torch.device("cpu")
SIDE, CROP = 128, 64


def ramp(material: int) -> np.ndarray:
    """Red says the column, green the row, blue the material: a crop says where it was taken."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.stack((x * 2, y * 2, np.full_like(x, 10 * material)), -1).astype(np.uint8)


@pytest.fixture(scope="module", params=["wraps", "ends"])
def dataset(request, tmp_path_factory):
    folder, rows = tmp_path_factory.mktemp("crops"), ["path,class,material_id,tileable"]
    for number, (label, count) in enumerate({"few": 1, "many": 6}.items()):
        (folder / "in" / label).mkdir(parents=True)
        for i in range(count):
            noise = np.random.default_rng((number, i)).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            Image.fromarray(noise).save(folder / "in" / label / f"{i}.png")
            wraps = str(request.param == "wraps").lower()
            rows.append(f"{label}/{i}.png,{label},{label}{i},{wraps}")
    (folder / "in" / "manifest.csv").write_text("\n".join(rows) + "\n")
    options = PrepareOptions(
        folder / "in", folder / "out", SIDE, min_per_label=1, heldout=0.0, licence="CC0-1.0"
    )
    prepare(options)
    return request.param, folder / "out"


def drawn(folder, steps=40, **settings) -> list[dict]:
    sampler = CropSampler(folder, SimpleNamespace(**{"crop": CROP, "batch": 4, **settings}))
    for material, pictures in enumerate(sampler.pictures):  # exact numbers, which a JPEG would not keep
        pictures[:] = [replace(one, pixels=ramp(material)) for one in pictures]
    return [sampler(3, step, CPU) for step in range(steps)]


def places(batches, key) -> np.ndarray:
    """[n, H, W, 3]: column, row and blue of every pixel, as the picture had them."""
    values = np.concatenate([one[key].permute(0, 2, 3, 1).numpy() for one in batches])
    return np.rint((values + 1) * 127.5).astype(int) // (2, 2, 1)


@pytest.mark.parametrize("key", ["crop", "other"])
def test_crops_lie_where_they_may(dataset, key):
    kind, folder = dataset
    seen = places(drawn(folder), key)
    columns, rows = seen[:, 0, :, 0], seen[:, :, 0, 1]
    steps = np.diff(columns, axis=1) % SIDE
    assert set(np.unique(steps)) == {1, SIDE - 1}, "one column after the other, or mirrored"
    assert (np.diff(rows, axis=1) % SIDE == 1).all(), "never upside down"
    over = (np.abs(np.diff(columns, axis=1)) > 1).any(1) | (np.abs(np.diff(rows, axis=1)) > 1).any(1)
    assert over.any() == (kind == "wraps"), "over the border only where the picture really wraps"
    assert len(np.unique(columns[:, 0])) > 30 and len(np.unique(rows[:, 0])) > 30


def test_labels_are_drawn_evenly_and_are_the_pictures(dataset):
    _, folder = dataset
    batches = drawn(folder)
    label = torch.cat([one["label"] for one in batches]).numpy()
    assert 0.35 < label.mean() < 0.65, "a label with one material as often as one with six"
    material = torch.cat([one["material"] for one in batches]).numpy()
    assert (places(batches, "crop")[:, 0, 0, 2] == 10 * material).all() and len(np.unique(material)) == 7
    materials = CropSampler(folder, SimpleNamespace(crop=CROP, batch=4)).domain.material_labels
    assert (np.array(materials)[material] == label).all()


def test_both_crops_are_of_one_material_and_mirrored_alike(dataset):
    _, folder = dataset
    batches = drawn(folder)
    first, other = places(batches, "crop"), places(batches, "other")
    assert (first[:, 0, 0, 2] == other[:, 0, 0, 2]).all()
    turned = [np.diff(one[:, 0, :2, 0], axis=1)[:, 0] % SIDE for one in (first, other)]
    assert (turned[0] == turned[1]).all()


def test_a_whole_picture_is_rolled_and_said_to_be_one(dataset):
    kind, folder = dataset
    (batch,) = drawn(folder, 1, crop=SIDE, shifts=3)
    assert (batch["whole"].numpy() == (kind == "wraps")).all()
    assert batch["shifts"].shape == (4, 3, 2) and batch["shifts"].max() < SIDE // 8
    columns = places([batch], "crop")[:, 0, :, 0]
    assert all(set(line) == set(range(SIDE)) for line in columns)


def test_a_step_is_a_function_of_seed_and_step(dataset):
    _, folder = dataset
    first, again = drawn(folder, 2), drawn(folder, 2)
    assert all(torch.equal(a[key], b[key]) for a, b in zip(first, again, strict=True) for key in a)
    assert not torch.equal(first[0]["crop"], first[1]["crop"])


def test_crops_larger_than_the_pictures_are_refused(dataset):
    kind, folder = dataset
    too_large = SIDE * (2 if kind == "wraps" else 1) + 8
    with pytest.raises(ConfigError, match="smaller than the crops"):
        drawn(folder, 1, crop=too_large)


def test_a_window_over_the_border():
    random = np.random.default_rng(0)
    rows, columns = draw_window((10, 8), True, 8, random)
    assert rows.shape == (8, 1) and columns.shape == (1, 8) and set(columns.ravel()) == set(range(8))
