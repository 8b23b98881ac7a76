"""Small prepared datasets, made once; every test of gan_train that needs pictures takes them."""

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


@pytest.fixture(scope="session")
def photo(tmp_path_factory):
    """A wall of bricks, 192 px: courses of 32 px, bricks of 64; do not write beside it."""
    from PIL import Image

    from .pictures import bricks

    path = tmp_path_factory.mktemp("photo") / "wall.png"
    Image.fromarray(bricks(1)).save(path)
    return path


@pytest.fixture(scope="session")
def two_looks(small_dataset, tmp_path_factory):
    """The bricks and the dots of `small_dataset`, prepared anew; do not write into it."""
    from gan_train.prepare import PrepareOptions, prepare

    folder = tmp_path_factory.mktemp("two-looks") / "dataset"
    others = tuple(p.name for p in (small_dataset / "images").iterdir() if p.name not in ("bricks", "dots"))
    prepare(PrepareOptions(small_dataset / "images", folder, size=128, without=others))
    return folder


@pytest.fixture(scope="session")
def datasets(small_dataset, two_looks, photo, tmp_path_factory):
    """What each family is trained on: its name -> folder of a prepared dataset; do not write into it."""
    from gan_train.photo import photos_of_run

    run = tmp_path_factory.mktemp("photo-dataset")
    single = photos_of_run(photo, run, 256, "CC0-1.0", "nobody").folder
    many = dict.fromkeys(("texture", "style", "domains", "paired", "upscale"), small_dataset)
    return {**many, "single": single, "unpaired": two_looks}
