"""The panel cannot be gamed by accident: each way to be bad moves a measure the right way, and being good moves none.

The data is computed: "real" textures of one seed, and as a perfect generator the same program with another seed.
"""

import numpy as np
import pytest
from PIL import Image, ImageFilter

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
    rows = reference.rows(samples)
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


def test_seams_are_seen(reference, perfect, good):
    cuts = [draw(label, 2000 + n, 96)[:VIEW, :VIEW] for label in LABELS for n in range(PER_LABEL)]
    bad = panel(reference, PictureSet(np.stack(cuts), perfect.labels))
    assert bad["seam_share"] > good["seam_share"] + 0.3


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
