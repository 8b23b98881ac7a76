"""Crops of several looks: evenly drawn, from (seed, step) alone; what cannot be learned is refused in a sentence."""

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train.demo_data import write_demo_data  # noqa: E402
from gan_train.domain_sampler import DomainSampler  # noqa: E402
from gan_train.errors import ConfigError, DatasetError  # noqa: E402
from gan_train.families.domains_config import DomainsConfig  # noqa: E402
from gan_train.families.unpaired_config import UnpairedConfig  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402

CPU = torch.device("cpu")


def two(**settings) -> UnpairedConfig:
    return UnpairedConfig(**{"source": "dots", "target": "bricks", "crop": 64, **settings})


def test_each_picture_stands_beside_one_of_another_label(small_dataset):
    sampler = DomainSampler(small_dataset, DomainsConfig(crop=64, batch=12))
    assert len(sampler.domain.labels) == 6
    given, wanted = [], []
    for step in range(20):
        batch = sampler(0, step, CPU)
        assert batch["given"].shape == batch["picture"].shape == (12, 3, 64, 64)
        assert (batch["given_label"] != batch["label"]).all()
        given += batch["given_label"].tolist()
        wanted += batch["label"].tolist()
    assert np.bincount(given).tolist() == [40] * 6, "each label as often as each other"
    assert np.bincount(wanted).min() > 20


def test_a_step_is_a_function_of_seed_and_step(small_dataset):
    sampler = DomainSampler(small_dataset, two())
    first, again, other = sampler(1, 5, CPU), sampler(1, 5, CPU), sampler(1, 6, CPU)
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["picture"], other["picture"])


def test_labels_are_those_asked_for_in_that_order(small_dataset):
    assert DomainSampler(small_dataset, two()).domain.labels == ("dots", "bricks")
    named = DomainsConfig(labels=("weave", "dots", "bricks"), crop=64)
    assert DomainSampler(small_dataset, named).domain.labels == ("weave", "dots", "bricks")


def test_one_way_gives_the_source_alone(small_dataset):
    batch = DomainSampler(small_dataset, two(variant="contrastive"))(0, 0, CPU)
    assert (batch["given_label"] == 0).all() and (batch["label"] == 1).all()


def test_crops_are_pieces_of_the_pictures(small_dataset):
    """Without zoom and flips: rolled where the picture tiles, else cut."""
    sampler = DomainSampler(small_dataset, two(zoom=1.0, mirror=False, flip=False, crop=128))
    batch = sampler(0, 0, CPU)
    pixels = ((batch["given"] + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    for crop, label in zip(pixels, batch["given_label"].tolist(), strict=True):
        sums = [int(known.astype(np.int64).sum()) for known, _ in sampler.pictures[label]]
        assert int(crop.astype(np.int64).sum()) in sums, "a whole picture, rolled"


def test_zoom_shows_more_and_flips_mirror(small_dataset):
    config = two(zoom=1.9, batch=16)
    batch = DomainSampler(small_dataset, config)(0, 0, CPU)
    assert batch["given"].shape == (16, 3, 64, 64) and batch["given"].abs().max() <= 1


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"source": ""}, "source: the dataset has 6 labels.*--set source=LABEL.*bricks"),
        ({"target": ""}, "target: the dataset has 6 labels"),
        ({"target": "dots"}, "another label than the source"),
        ({"crop": 256}, "smaller than the crops of 256 px"),
    ],
)
def test_what_does_not_fit_the_dataset_is_said(small_dataset, settings, message):
    with pytest.raises(ConfigError, match=message):
        DomainSampler(small_dataset, two(**settings))


@pytest.mark.parametrize(
    "kind, settings",
    [
        (UnpairedConfig, {"crop": 40}),
        (UnpairedConfig, {"variant": "one"}),
        (UnpairedConfig, {"zoom": 0.5}),
        (UnpairedConfig, {"loss": "hinge"}),
        (UnpairedConfig, {"pool": -1}),
        (UnpairedConfig, {"batch": 1}),
        (DomainsConfig, {"labels": ("a",)}),
        (DomainsConfig, {"look": 0}),
        (DomainsConfig, {"depth": 0}),
        (DomainsConfig, {"width": (8,)}),
    ],
)
def test_settings_out_of_range_are_errors(kind, settings):
    with pytest.raises(ConfigError, match=f"{next(iter(settings))}=.*must be"):
        kind(**settings)


def test_a_label_that_is_not_there(small_dataset):
    with pytest.raises(DatasetError, match=r"label 'moss' has no picture; at least 3.*There are: bricks"):
        DomainSampler(small_dataset, two(target="moss"))


@pytest.fixture
def looks(tmp_path):
    """bricks and dots with eight pictures each, weave with two, snow with none."""
    write_demo_data(tmp_path / "pictures", count=8, size=128)
    for folder in (tmp_path / "pictures").iterdir():
        if folder.is_dir() and folder.name not in ("bricks", "dots", "weave"):
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
    for file in sorted((tmp_path / "pictures" / "weave").iterdir())[2:]:
        file.unlink()
    (tmp_path / "pictures" / "snow").mkdir()
    return tmp_path / "pictures"


def prepared(looks, **options):
    prepare(PrepareOptions(looks, looks.parent / "dataset", size=128, **options))
    return looks.parent / "dataset"


def test_a_folder_without_pictures_is_named(looks):
    dataset = prepared(looks)
    with pytest.raises(
        DatasetError, match=r"'snow' has no picture.*Left out by prepare: snow: holds no image"
    ):
        DomainSampler(dataset, two(target="snow"))


def test_a_look_with_too_few_pictures_is_named(looks):
    with pytest.raises(DatasetError, match=r"'weave' has no picture.*2 usable materials, fewer than 6"):
        DomainSampler(prepared(looks), two(target="weave"))


def test_too_few_training_pictures_although_prepared(looks):
    with pytest.raises(DatasetError, match="'weave' has 2 training pictures; at least 3"):
        DomainSampler(prepared(looks, min_per_label=1, heldout=0), two(target="weave"))


def test_one_look_alone(looks):
    dataset = prepared(looks, without=("dots", "weave"))
    for config in (UnpairedConfig(crop=64), DomainsConfig(crop=64)):
        with pytest.raises(DatasetError, match=r"one look only, 'bricks'.*Left out by prepare"):
            DomainSampler(dataset, config)


def test_oblong_pictures_are_cut_not_squeezed(tmp_path):
    for label in ("a", "b"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(8):
            wide = np.random.default_rng(number + 10 * (label == "b")).integers(
                0, 255, (64, 160, 3), np.uint8
            )
            Image.fromarray(wide).save(tmp_path / "pictures" / label / f"{number}.png")
    prepare(PrepareOptions(tmp_path / "pictures", tmp_path / "dataset", size=64))
    batch = DomainSampler(tmp_path / "dataset", UnpairedConfig(crop=64, zoom=2.0))(0, 0, CPU)
    assert batch["given"].shape == (4, 3, 64, 64)
