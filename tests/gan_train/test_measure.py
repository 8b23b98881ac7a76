"""The panel cannot be gamed by accident: each way to be bad moves a measure the right way, and being good moves none.

The data is computed: "real" textures of one seed, and as a perfect generator the same program with another seed.
"""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from gan_train import intervals
from gan_train.comparison import Comparison, Surfaces
from gan_train.demo_data import PATTERNS
from gan_train.manifest import Item
from gan_train.picture_sets import PictureSet, RealPictures, disjoint_halves
from gan_train.reference import Reference

LABELS = tuple(PATTERNS)
PER_LABEL, VIEW = 12, 64


def draw(label: str, seed: int, size: int = VIEW) -> np.ndarray:
    rng = np.random.default_rng([seed, LABELS.index(label)])
    image = np.roll(PATTERNS[label](size, rng), rng.integers(0, size, 2), (0, 1))
    return np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def stand_in(materials: int) -> RealPictures:
    """RealPictures without files: `materials` of each label, every fourth held out."""
    real = RealPictures.__new__(RealPictures)
    real.labels, real.items, real.pixels, real.short_side = LABELS, [], {}, VIEW
    for label in LABELS:
        for number in range(materials):
            name = f"{label}-{number}"
            split = "heldout" if number % 4 == 0 else "train"
            real.items.append(Item(name, label, name, name, split, VIEW, VIEW, "", "", "", "", True))
            real.pixels[name] = draw(label, number)
    return real


@pytest.fixture(scope="module", autouse=True)
def few_resamples():
    """Intervals have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "DRAWS", 10)
        yield


@pytest.fixture(scope="module")
def real():
    return stand_in(materials=16)


@pytest.fixture(scope="module")
def reference(real):
    return Reference(real, PER_LABEL, VIEW, seed=0)


@pytest.fixture(scope="module")
def perfect() -> PictureSet:
    pictures = [draw(label, 1000 + number) for label in LABELS for number in range(PER_LABEL)]
    return PictureSet(np.stack(pictures), np.repeat(np.arange(len(LABELS)), PER_LABEL))


def panel(reference, samples: PictureSet) -> dict[str, float]:
    rows = Comparison(reference, samples).rows()
    for row in rows:
        assert row.low is None or row.low <= row.value <= row.high, row
    return {row.name: row.value for row in rows} | {f"{row.name}_floor": row.floor for row in rows}


@pytest.fixture(scope="module")
def good(reference, perfect):
    return panel(reference, perfect)


def changed(samples: PictureSet, change) -> PictureSet:
    return PictureSet(np.stack([change(picture) for picture in samples.pictures]), samples.labels)


def test_a_perfect_generator_is_at_the_floor(good):
    for name in ("frechet_random", "color_moments", "radial_spectrum", "gram", "sliced_wasserstein_1"):
        assert good[name] < 1.5 * good[f"{name}_floor"], name
    for name in ("precision", "recall", "coverage"):
        assert good[name] > 0.75 * good[f"{name}_floor"], name
    assert 0.7 < good["nearest_train"] < 1.4
    assert good["memorisation_p"] > 0.05
    assert good["smear_share"] < good["smear_share_floor"] + 0.1
    assert good["seam_share"] < good["seam_share_floor"] + 0.1


def test_the_same_call_gives_the_same_numbers(real, perfect, good):
    assert panel(Reference(real, PER_LABEL, VIEW, seed=0), perfect) == good


def test_blur_is_seen(reference, perfect, good):
    def blur(picture):
        return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(1.2)))

    bad = panel(reference, changed(perfect, blur))
    assert bad["radial_spectrum"] > 2 * good["radial_spectrum"]
    assert bad["sliced_wasserstein_1"] > 2 * good["sliced_wasserstein_1"]
    assert bad["frechet_random"] > 1.2 * good["frechet_random"]


def test_noise_is_seen(reference, perfect, good):
    rng = np.random.default_rng(0)

    def noisy(picture):
        return np.clip(picture + rng.normal(0, 25, picture.shape), 0, 255).astype(np.uint8)

    bad = panel(reference, changed(perfect, noisy))
    assert bad["radial_spectrum"] > 2 * good["radial_spectrum"]
    assert bad["frechet_random"] > 1.25 * good["frechet_random"]


def test_a_shift_of_colour_is_seen(reference, perfect, good):
    def redder(picture):
        return np.clip(picture.astype(int) + np.array([30, 0, -20]), 0, 255).astype(np.uint8)

    bad = panel(reference, changed(perfect, redder))
    assert bad["color_moments"] > 1.5 * good["color_moments"]
    assert bad["frechet_random"] > 1.2 * good["frechet_random"]
    assert bad["sliced_wasserstein_1/8"] > 1.3 * good["sliced_wasserstein_1/8"]


def test_lost_contrast_is_seen(reference, perfect, good):
    def pale(picture):
        return (128 + (picture.astype(float) - 128) * 0.6).astype(np.uint8)

    bad = panel(reference, changed(perfect, pale))
    assert bad["color_moments"] > 1.5 * good["color_moments"]
    assert bad["frechet_random"] > 1.2 * good["frechet_random"]


def test_one_texture_per_label_is_seen(reference, perfect, good):
    """Mode collapse inside each label: every sample is fine, there are only six of them."""
    only = PictureSet(np.repeat(perfect.pictures[::PER_LABEL], PER_LABEL, 0), perfect.labels)
    bad = panel(reference, only)
    assert bad["recall"] < 0.5 * good["recall"]
    assert bad["coverage"] < 0.5 * good["coverage"]


def test_ignored_labels_are_seen(reference, perfect, good):
    """All labels of the set are drawn, but not where they were asked for: only the per-label measure can tell."""
    shuffled = PictureSet(np.roll(perfect.pictures, PER_LABEL, 0), perfect.labels)
    bad = panel(reference, shuffled)
    assert bad["gram"] > 1.5 * good["gram"]
    assert bad["frechet_random"] < 1.1 * good["frechet_random"], (
        "the unlabelled distance is blind here: so `gram` stays"
    )


def test_a_lost_label_is_seen(reference, perfect, good):
    pictures = perfect.pictures.copy()
    pictures[: 3 * PER_LABEL] = pictures[3 * PER_LABEL :]
    bad = panel(reference, PictureSet(pictures, perfect.labels))
    assert bad["coverage"] < 0.85 * good["coverage"]
    assert bad["frechet_random"] > 1.2 * good["frechet_random"]


def test_copies_of_training_pictures_are_seen(real, reference, perfect, good):
    train = [item for item in real.items if item.split == "train"]
    copies = real.views(train, PER_LABEL, VIEW, seed=77)
    bad = panel(reference, copies)
    assert bad["nearest_train"] < 0.75 * good["nearest_train"]
    assert bad["memorisation_p"] < 1e-3


def test_seams_are_seen(reference, perfect, good):
    cuts = [draw(label, 2000 + n, 96)[:VIEW, :VIEW] for label in LABELS for n in range(PER_LABEL)]
    bad = panel(reference, PictureSet(np.stack(cuts), perfect.labels))
    assert bad["seam_share"] > good["seam_share"] + 0.3


def test_a_smeared_seam_is_seen(reference, perfect, good):
    """Someone averaged across the border: less of a jump is left there than anywhere."""

    def smeared(picture):
        image = np.roll(picture.astype(float), 8, (0, 1))
        for _ in range(20):
            image[4:12] = (image[3:11] + image[4:12] + image[5:13]) / 3
            image[:, 4:12] = (image[:, 3:11] + image[:, 4:12] + image[:, 5:13]) / 3
        return np.roll(image, -8, (0, 1)).astype(np.uint8)

    bad = panel(reference, changed(perfect, smeared))
    assert bad["smear_share"] > good["smear_share"] + 0.3


def test_what_does_not_tile_has_no_seams_to_judge(reference, perfect):
    rows = {row.name: row for row in Comparison(reference, perfect, tileable=False).rows()}
    assert rows["seam_share"].value is None and rows["seam_share"].floor is not None
    assert rows["smear_share"].value is None and "albedo_in_range" not in rows


def test_surfaces_have_rows_of_their_own(reference, perfect):
    each = Surfaces((0.9,) * len(perfect.labels), (3.0,) * len(perfect.labels))
    rows = {row.name: row for row in Comparison(reference, perfect, surfaces=each).rows()}
    assert rows["albedo_in_range"].value == pytest.approx(0.9) and 0 < rows["albedo_in_range"].floor <= 1
    assert rows["normal_angle"].value == 3 and rows["normal_angle"].n == len(perfect.labels)


@pytest.fixture(scope="module")
def photo():
    """RealPictures of one photo, 64 x 160 px, without a label to speak of."""
    real = RealPictures.__new__(RealPictures)
    item = Item("photo", "photo", "photo", "photo", "train", 160, 64, "", "", "", "", False)
    real.labels, real.items, real.short_side = ("photo",), [item], VIEW
    real.pixels = {"photo": draw("weave", 0, 160)[:VIEW]}
    return real


def test_one_photo_is_measured_against_its_other_half(photo):
    first, second = photo.halves()
    assert photo.is_cut() and len(first) == len(second) == 1
    assert photo.pixels[first[0].file].shape == photo.pixels[second[0].file].shape == (64, 80, 3)
    reference = Reference(photo, 24, VIEW, seed=0, labelled=False)
    samples = photo.views(photo.items, 24, VIEW, 5)
    rows = {row.name: row for row in Comparison(reference, samples, tileable=False).rows()}
    assert rows["frechet_random"].value < 3 * rows["frechet_random"].floor
    for name in ("nearest_train", "memorisation_p", "seam_share", "label_accuracy"):
        assert rows[name].value is None, "nothing is held out of one photo, and it has no label"
    strange = PictureSet(np.stack([draw("dots", n) for n in range(24)]), samples.labels)
    other = {row.name: row for row in Comparison(reference, strange, tileable=False).rows()}
    assert other["coverage"].value == 0 and rows["coverage"].value > 0.5


def test_halves_share_no_group_and_hold_every_label():
    items = [
        Item(f"{label}{n}", label, f"{label}{n}", f"{label}{n // 2}", "train", 64, 64, "", "", "", "", None)
        for label in "abc"
        for n in range(10)
    ]
    first, second = disjoint_halves(items)
    assert len(first) + len(second) == 30 and not {item.group for item in first} & {
        item.group for item in second
    }
    assert {item.label for item in first} == {item.label for item in second} == set("abc")
    assert disjoint_halves(items[::-1])[0] and {i.file for i in disjoint_halves(items[::-1])[0]} == {
        i.file for i in first
    }
