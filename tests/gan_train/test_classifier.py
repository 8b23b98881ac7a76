"""The judge of labels: learns in seconds what is easy, is kept, and is no judge of what it was not asked."""

import shutil

import numpy as np
import pytest

from gan_train.classifier import CACHE, ClassifierConfig, load_judge
from gan_train.manifest import read_manifest
from gan_train.picture_sets import RealPictures

QUICK = ClassifierConfig(crops=240, steps=150)


@pytest.fixture(scope="module")
def dataset(small_dataset, tmp_path_factory):
    """A copy, for the classifier is kept inside the dataset."""
    return shutil.copytree(small_dataset, tmp_path_factory.mktemp("classifier") / "dataset")


def test_it_learns_is_kept_and_a_damaged_copy_is_made_again(dataset):
    manifest = read_manifest(dataset)
    real = RealPictures(manifest, manifest.labels)
    steps = []

    def judge():
        steps.clear()
        return load_judge(manifest, real, QUICK, lambda done, total: steps.append(done))

    first = judge()
    assert steps[-1] == QUICK.crops
    views = real.views(list(manifest.split("train")), 8, 128, 0)
    accuracy = first.accuracy(views.pictures, views.labels)
    assert accuracy > 0.6, "six easy labels"
    assert first.accuracy(views.pictures, np.roll(views.labels, 8)) < 0.3
    noise = np.random.default_rng(0).integers(0, 256, views.pictures.shape, np.uint8)
    assert first.accuracy(noise, views.labels) < 0.4

    assert np.array_equal(judge().predict(views.pictures), first.predict(views.pictures)) and not steps
    (cache,) = (dataset / CACHE).iterdir()
    cache.write_bytes(cache.read_bytes()[:-100])
    again = judge()
    assert steps[-1] == QUICK.crops
    assert np.array_equal(again.predict(views.pictures), first.predict(views.pictures)), (
        "training is not deterministic"
    )


def test_other_data_or_settings_are_another_classifier(dataset):
    manifest = read_manifest(dataset)
    real = RealPictures(manifest, manifest.labels[:2])
    load_judge(manifest, real, ClassifierConfig(crops=8, steps=1, crop=64))
    names = {path.name for path in (dataset / CACHE).iterdir()}
    load_judge(manifest, real, ClassifierConfig(crops=8, steps=2, crop=64))
    assert len({path.name for path in (dataset / CACHE).iterdir()} - names) == 1
