"""One photo to an endless texture: its lattice, the quilt on a torus, what cannot be learned from. Real, tiny."""

import itertools

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train.checkpoint import checkpoints, load_checkpoint  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.errors import CheckpointError, ConfigError, DatasetError  # noqa: E402
from gan_train.exemplar import build_exemplar  # noqa: E402
from gan_train.families.single_config import SingleConfig  # noqa: E402
from gan_train.families.single_sampler import SingleSampler  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.manifest import read_manifest  # noqa: E402
from gan_train.photo import photos_of_run, warnings_of  # noqa: E402
from gan_train.quilt import BASE, Quilt  # noqa: E402
from gan_train.repeats import closing_stride, find_lattice  # noqa: E402

from .pictures import bricks, texture  # noqa: E402
from .test_loop import TINY_SINGLE, as_arguments  # noqa: E402

FLAT = np.full((192, 192, 3), 90, np.uint8)


def quilt_of(*pictures):
    exemplar = build_exemplar(list(pictures), 32)
    quilt = Quilt(*exemplar.atlas.shape[:2], rounds=3)
    quilt.atlas.copy_(torch.from_numpy(exemplar.atlas).permute(2, 0, 1))
    quilt.inside.copy_(torch.from_numpy(exemplar.inside))
    quilt.lattice.copy_(torch.from_numpy(exemplar.lattice))
    return quilt, exemplar


def noise(seed, cells, n=1):
    return torch.randn(
        n, Quilt(8, 8, rounds=3).noise, cells, cells, generator=torch.Generator().manual_seed(seed)
    )


# The lattice


def spans(found, wanted):
    """Whether both bases make the same lattice: each is a whole multiple of the other."""
    times = np.asarray(wanted) @ np.linalg.inv(found)
    return np.allclose(times, np.round(times), atol=0.1) and abs(abs(np.linalg.det(times)) - 1) < 0.1


def test_running_bond_is_found():
    assert spans(find_lattice(bricks(1)), [(0, 64), (32, 32)])
    assert spans(find_lattice(bricks(2, 256, 20, 52)), [(0, 52), (20, 26)])


def test_where_only_rows_repeat_there_is_one_vector():
    rng = np.random.default_rng(3)
    rows = np.where(np.arange(192) % 24 < 4, 30, 160)[:, None] + rng.normal(0, 12, (192, 192))
    rows = np.repeat(rows.clip(0, 255).astype(np.uint8)[..., None], 3, 2)
    np.testing.assert_allclose(find_lattice(rows), [(24, 0)], atol=0.3)
    np.testing.assert_allclose(find_lattice(rows.transpose(1, 0, 2)), [(0, 24)], atol=0.3)


@pytest.mark.parametrize("pixels", [texture(5, 192), FLAT], ids=["cloudy", "flat"])
def test_where_nothing_repeats_there_is_none(pixels):
    assert len(find_lattice(pixels)) == 0


@pytest.mark.parametrize("vectors", [[(0, 60), (29, 31)], [(1.5, 43), (-40, 2.0)], [(27.3, 0)]])
def test_the_bent_lattice_closes_on_multiples_of_the_stride(vectors):
    stride, bend, bent = closing_stride(np.array(vectors, float))
    np.testing.assert_allclose(bent, np.array(vectors) @ bend.T)
    times = stride * np.linalg.inv(bent) if len(bent) == 2 else stride / np.linalg.norm(bent)
    np.testing.assert_allclose(times, np.round(times), atol=1e-6)
    assert 0.55 < np.sqrt(abs(np.linalg.det(bend))) < 1.6


def test_a_crooked_photo_is_straightened():
    image = Image.fromarray(bricks(4, 320)).rotate(1.2, Image.Resampling.BICUBIC)
    photo = np.asarray(image)[24:-24, 24:-24]
    exemplar = build_exemplar([photo], 64)
    assert exemplar.stride == 64 and spans(find_lattice(exemplar.photos[0]), [(0, 64), (32, 32)])


def test_several_photos_stand_in_step():
    """Of a wall without grain, cut at other places: wherever the atlas has photo it is the same wall."""
    wall = bricks(1, 512, grain=0)
    exemplar = build_exemplar([wall[:192, :192], wall[37:250, 51:300]], 64)
    assert len(exemplar.photos) == 2
    inside = np.kron(exemplar.inside, np.ones((8, 8))).astype(bool)
    first = exemplar.photos[0][:64, :64]
    h, w = inside.shape
    wanted = np.tile(first, (h // 64 + 2, w // 64 + 2, 1))[64 - 16 :, 64 - 16 :][:h, :w]
    assert (np.abs(exemplar.atlas.astype(int) - wanted)[inside].max(-1) > 40).mean() < 0.01


def test_the_border_of_a_picture_is_no_joint():
    """Mortar is 4 px: the calm line keeps off it, however the photo was cut."""
    for start in (0, 5, 30):
        exemplar = build_exemplar([bricks(1, 256)[start:, start:]], 64)
        y = (exemplar.calm[0] - 16 + start) % 32
        assert exemplar.stride == 64 and 4 < y < 31


# The quilt


def test_a_regular_photo_stays_regular():
    """Of a wall without grain and tints every layout is the wall itself: nothing is out of step, no seam shows."""
    wall = bricks(1, grain=0)
    quilt, exemplar = quilt_of(wall)
    assert exemplar.stride == 64
    picture, _ = quilt.picture(quilt.layout(noise(0, 4)))
    made = ((picture[0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    best = min(
        np.abs(np.roll(np.tile(wall[:64, :64], (2, 2, 1)), (y, x), (0, 1)).astype(int) - made).max()
        for y in (0, 16, 32, 48)
        for x in (0, 16, 32, 48)
    )
    assert best <= 1


def test_seeds_lay_the_photo_out_anew():
    quilt, exemplar = quilt_of(bricks(1, 320))
    pictures, seams = quilt.picture(quilt.layout(noise(0, 10, n=3)))
    photo = torch.from_numpy(exemplar.photos[0].copy()).permute(2, 0, 1) / 127.5 - 1
    spread = photo.std()
    for one, other in itertools.combinations([p[:, :256, :256] for p in (*pictures, photo)], 2):
        assert (one - other).square().mean().sqrt() > 0.3 * spread
    assert 0.05 < seams.mean() < 0.9


def test_it_wraps_at_any_size():
    """Noise moved round the torus gives the picture moved round the torus, bit for bit: there is no border."""
    quilt, _ = quilt_of(bricks(1))
    for cells in (2, 4, 6):
        given = noise(7, cells)
        straight, _ = quilt.picture(quilt.layout(given))
        moved, _ = quilt.picture(quilt.layout(given.roll((2, -2), (2, 3))))
        assert torch.equal(moved, straight.roll((2 * BASE, -2 * BASE), (2, 3)))


def test_autocast_changes_nothing():
    quilt, _ = quilt_of(bricks(1))
    with torch.autocast("cpu", torch.bfloat16):
        low = quilt.layout(noise(2, 4))
    assert torch.equal(low, quilt.layout(noise(2, 4)))


def test_a_flat_photo_gives_a_flat_texture():
    quilt, exemplar = quilt_of(FLAT)
    picture, _ = quilt.picture(quilt.layout(noise(0, 4)))
    assert exemplar.stride == BASE and torch.allclose(picture, torch.tensor(90 / 127.5 - 1))


# From a photo on the disk


def test_a_photo_is_trained_on_and_may_go_away(photo, tmp_path, capsys):
    run, settings = tmp_path / "run", as_arguments("single-small", TINY_SINGLE)
    mine = tmp_path / "mine.png"
    mine.write_bytes(photo.read_bytes())
    command = ["train", str(mine), f"--out={run}", *settings]
    assert main([*command, "--steps=1", "--licence=CC0-1.0", "--author=Me"]) == 0
    mine.unlink()
    assert main([*command, "--steps=2"]) == 0
    assert load_checkpoint(checkpoints(run)[-1])[1]["step"] == 2
    item = read_manifest(run / "photos").items[0]
    assert (item.licence, item.author, item.label) == ("CC0-1.0", "Me", "mine") and "sha256" in item.source


def test_another_photo_is_refused(photo, tmp_path, capsys):
    run, settings = tmp_path / "run", as_arguments("single-small", TINY_SINGLE)
    other = tmp_path / "other.png"
    Image.fromarray(bricks(9)).save(other)
    assert main(["train", str(photo), f"--out={run}", *settings, "--steps=1"]) == 0
    assert "licence of the photo is unknown" in capsys.readouterr().err
    assert main(["train", str(other), f"--out={run}", *settings, "--steps=2"]) == 2
    assert "was begun with another photo" in capsys.readouterr().err


def test_the_preset_says_how_long(photo, tmp_path):
    settings = as_arguments("single-small", {**TINY_SINGLE, "steps": 3})
    assert main(["train", str(photo), f"--out={tmp_path / 'run'}", *settings]) == 0
    assert load_checkpoint(checkpoints(tmp_path / "run")[-1])[1]["step"] == 3


def test_a_folder_of_photos_leaves_out_what_is_none(tmp_path):
    folder = tmp_path / "wall"
    folder.mkdir()
    for seed in (1, 2):
        Image.fromarray(bricks(seed)).save(folder / f"{seed}.png")
    (folder / "3.jpg").write_bytes(b"no image")
    (folder / "notes.txt").write_text("ours")
    manifest = photos_of_run(folder, tmp_path / "run", 256)
    assert [item.material for item in manifest.items] == ["1", "2"] and manifest.labels == ("wall",)
    assert "3.jpg" in warnings_of(manifest)[0]
    assert len(SingleSampler(manifest.folder, SingleConfig(crop=64)).exemplar.photos) == 2


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_photo_is_refused(tmp_path, data):
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(DatasetError, match="no photo to learn from"):
        photos_of_run(tmp_path / "x.png", tmp_path / "run", 256)
    with pytest.raises(DatasetError, match="cannot be read"):
        photos_of_run(tmp_path / "nowhere.png", tmp_path / "run", 256)
    assert not (tmp_path / "run").exists()


def test_a_small_photo_is_refused(tmp_path):
    Image.fromarray(bricks(1, 100)).save(tmp_path / "x.png")
    with pytest.raises(DatasetError, match="too small: 100 x 100"):
        photos_of_run(tmp_path / "x.png", tmp_path / "run", 256)
    Image.fromarray(bricks(1, 130)).save(tmp_path / "y.png")
    folder = photos_of_run(tmp_path / "y.png", tmp_path / "run", 256).folder
    with pytest.raises(ConfigError, match="smaller than the crops of 144 px"):
        SingleSampler(folder, SingleConfig(crop=144))


def test_a_flat_photo_is_trained_on(tmp_path):
    Image.fromarray(FLAT).save(tmp_path / "x.png")
    folder = photos_of_run(tmp_path / "x.png", tmp_path / "run", 256).folder
    assert train(folder, tmp_path / "run", "single-small", TINY_SINGLE, steps=3)


def test_many_materials_are_refused(small_dataset):
    with pytest.raises(ConfigError, match="one surface from at most 8"):
        SingleSampler(small_dataset, SingleConfig())


def test_words_about_a_photo_are_not_for_a_dataset(small_dataset, tmp_path, capsys):
    command = [
        "train",
        str(small_dataset),
        f"--out={tmp_path}",
        "--preset=texture-small",
        "--licence=CC0-1.0",
    ]
    assert main(command) == 2 and "say them to prepare" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [{"crop": 40}, {"photo": 100}, {"batch": 0}, {"steps": 0}])
def test_settings_that_do_not_fit_are_errors(wrong):
    with pytest.raises(ConfigError, match="must be"):
        SingleConfig(**wrong)


def test_another_photo_under_a_run_is_found(photo, tmp_path):
    photos_of_run(photo, tmp_path, 256)
    Image.fromarray(bricks(9)).save(tmp_path / "wall.png")
    with pytest.raises(CheckpointError, match="another photo"):
        photos_of_run(tmp_path / "wall.png", tmp_path, 256)
