"""A small prepared dataset, made once; every test of gan_train that needs pictures takes it."""

import pytest


@pytest.fixture(scope="session")
def small_dataset(tmp_path_factory):
    """Folder of a prepared demo dataset: six labels, eight 128 px pictures each; do not write into it."""
    from gan_train.demo_data import write_demo_data
    from gan_train.prepare import PrepareOptions, prepare

    folder = tmp_path_factory.mktemp("small-dataset")
    write_demo_data(folder / "pictures", count=8, size=128)
    prepare(PrepareOptions(source=folder / "pictures", out=folder / "dataset", size=128))
    return folder / "dataset"


@pytest.fixture(scope="session")
def planets_dataset(tmp_path_factory):
    """Folder of a prepared dataset with alpha: five labels, three 128 px pictures each; do not write into it."""
    from gan_train.demo_data import write_demo_data
    from gan_train.prepare import PrepareOptions, prepare

    folder = tmp_path_factory.mktemp("planets-dataset")
    write_demo_data(folder / "pictures", count=3, size=128, kind="planets")
    prepare(
        PrepareOptions(folder / "pictures", folder / "dataset", size=128, min_per_label=1, keep_alpha=True)
    )
    return folder / "dataset"
