"""A texture generator that draws twice as fine as it reads: detail where pictures have it, nothing asked elsewhere."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train import networks  # noqa: E402
from gan_train.dataset import CropSampler  # noqa: E402
from gan_train.errors import ConfigError  # noqa: E402
from gan_train.families import FAMILIES  # noqa: E402
from gan_train.family import Domain  # noqa: E402
from gan_train.layers import without_grid  # noqa: E402
from gan_train.loop import configure, train  # noqa: E402
from gan_train.networks import MEANS, Decoder, enlarged  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.relief import normal_of_height  # noqa: E402
from gan_train.run_folder import load_averaged, read_run  # noqa: E402
from gan_train.scales import read_size, scaled  # noqa: E402
from gan_train.surface_losses import without_detail  # noqa: E402
from gan_train.weights import Base  # noqa: E402

from .pictures import bricks  # noqa: E402
from .test_loop import TINY, state  # noqa: E402

FINER = {**TINY, "finer": 2, "detail_width": 4}
PREPARED = 256  # pixels: the encoder reads half of it


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two labels; of each one material that has the pixels, with maps, and one that has half of them."""
    folder = tmp_path_factory.mktemp("finer")
    for number, label in enumerate(("brick", "stone")):
        for name, size in (("large", PREPARED), ("small", PREPARED // 2)):
            place = folder / "in" / label / name
            place.mkdir(parents=True)
            wall = bricks(number + size, size)
            Image.fromarray(wall).save(place / "basecolor.png")
            if name == "large":
                Image.fromarray(wall[..., 0]).save(place / "roughness.png")
                normal = np.full((size, size, 3), (128, 128, 255), np.uint8)
                normal[::32, :, 1], normal[1::32, :, 1] = 90, 166
                Image.fromarray(normal).save(place / "normal.png")
    options = PrepareOptions(folder / "in", folder / "out", PREPARED, min_per_label=1, heldout=0.0)
    prepare(options)
    return folder / "out"


@pytest.fixture(scope="module")
def coarse(dataset, tmp_path_factory):
    """A run that knows no detail."""
    run = tmp_path_factory.mktemp("coarse") / "run"
    train(dataset, run, "texture-small", TINY, steps=3)
    return run


@pytest.fixture(scope="module")
def finer(dataset, coarse, tmp_path_factory):
    """One that goes on from it."""
    run = tmp_path_factory.mktemp("finer-run") / "run"
    more = {"finer": 2, "detail_width": 4, "autoencoder_steps": 0, "healer_steps": 2}
    train(dataset, run, None, more, steps=5, source=coarse)
    return run


def batch_of(dataset, step=0, **settings):
    return CropSampler(dataset, SimpleNamespace(**{"crop": 128, "batch": 8, "finer": 2, **settings}))(
        1, step, torch.device("cpu")
    )


def test_what_has_the_pixels_is_read_at_half_its_size():
    random = np.random.default_rng(0)
    pixels, maps = (
        random.integers(0, 256, (64, 97, 3), np.uint8),
        random.random((64, 97, 2)).astype(np.float16),
    )
    one = scaled(pixels, maps, np.array([True, False]), 32, 2)
    assert one.pixels.shape == (32, 48, 3) == (*read_size((97, 64), 32, 2)[::-1], 3)
    assert one.cut and one.fine.shape == (64, 96, 3), "an odd column is left out, and then it does not wrap"
    assert np.abs(one.pixels - one.fine.reshape(32, 2, 48, 2, 3).mean((1, 3))).max() <= 0.5
    assert np.allclose(one.fine_maps, maps[:, :96] * (0.5, 1), atol=1e-3), (
        "heights are in pixels that are read"
    )
    assert np.allclose(one.maps, one.fine_maps.reshape(32, 2, 48, 2, 2).mean((1, 3)), atol=1e-3)


def test_what_has_not_is_read_at_the_same_scale_and_never_enlarged():
    pixels, maps = np.full((48, 60, 3), 77, np.uint8), np.ones((48, 60, 1), np.float16)
    one = scaled(pixels, maps, np.array([True]), 32, 2)
    assert one.fine is None and one.pixels.shape == (32, 40, 3) and (one.pixels == 77).all()
    assert np.allclose(one.maps, 32 / 48, atol=1e-3)
    assert scaled(pixels[:20], maps[:20], np.array([True]), 32, 2).pixels.shape == (20, 60, 3)


def test_a_batch_says_who_has_detail(dataset):
    batches = [batch_of(dataset, step) for step in range(3)]
    fine, crop, maps, detailed, present, material = (
        torch.cat([one[key] for one in batches])
        for key in ("fine", "crop", "maps", "detailed", "present", "material")
    )
    assert fine.shape == (24, 3, 256, 256) and maps.shape == (24, 2, 256, 256)
    assert torch.equal(detailed, present[:, 0]) and detailed.any() and not detailed.all()
    assert detailed.tolist() == [k % 2 == 0 for k in material.tolist()], "large, small, large, small"
    halved = torch.nn.functional.avg_pool2d(fine, 2)
    assert (halved - crop).abs().max() <= 0.5001 / 127.5
    assert torch.equal(without_detail(fine, detailed)[~detailed], fine[~detailed])
    assert (without_detail(fine, ~detailed) - fine)[detailed].abs().mean() > 0.01
    assert "fine" not in batch_of(dataset, finer=1, crop=64)


def test_crops_are_as_large_as_what_is_read(dataset):
    with pytest.raises(ConfigError, match="as they are read, at 160 px"):
        batch_of(dataset, crop=160)


def test_pictures_prepared_no_larger_than_a_crop_are_read_whole_and_teach_no_detail(tmp_path):
    """Such as the default of `prepare`, when a run starts from a generator that draws finer."""
    (tmp_path / "in").mkdir()
    Image.fromarray(bricks(1, 128)).save(tmp_path / "in" / "wall.png")
    prepare(PrepareOptions(tmp_path / "in", tmp_path / "out", 128, min_per_label=1, heldout=0.0))
    batch = batch_of(tmp_path / "out")
    assert not batch["detailed"].any() and batch["crop"].shape[2] == 128
    config = SimpleNamespace(crop=128, batch=8, finer=2)
    assert "0 of 1 pictures have the 256 px" in CropSampler(tmp_path / "out", config).said


def test_it_says_how_many_pictures_teach_detail(dataset):
    config = SimpleNamespace(crop=128, batch=8, finer=2)
    assert CropSampler(dataset, config).said == "2 of 4 pictures have the 256 px that teach detail"
    assert CropSampler(dataset, SimpleNamespace(crop=64, batch=8)).said == ""


def test_a_height_made_twice_as_large_has_the_same_normals():
    turn = torch.arange(64.0) * (2 * torch.pi / 64)
    height, twice = (
        enlarged((turn.sin() / 8).expand(1, 1, 64, 64), k) if k > 1 else (turn.sin() / 8).expand(1, 1, 64, 64)
        for k in (1, 2)
    )
    normal, fine = normal_of_height(height), normal_of_height(twice, 2)
    assert (torch.nn.functional.avg_pool2d(fine, 2) - normal).abs().max() < 0.01
    assert normal[:, 0].abs().max() > 0.09


def test_the_stage_begins_as_the_picture_enlarged():
    torch.manual_seed(0)
    plain, detailed = Decoder(4, (8, 8, 8, 8), maps=1), Decoder(4, (8, 8, 8, 8), maps=1, detail=4)
    detailed.load_state_dict(plain.state_dict(), strict=False)
    latent = torch.randn(2, MEANS + 4, 4, 6)
    grain = [torch.randn(2, 1, 4 * k, 6 * k) for k in (2, 4, 8, 16)]
    with torch.no_grad():
        assert torch.equal(detailed(latent, grain), enlarged(without_grid(plain(latent, grain)), 2))


def test_the_stage_hardly_draws_a_grid(monkeypatch):
    """Patterns with a period of 2 px, where every cell of the latent map is the same and there is no noise."""
    torch.manual_seed(0)
    decoder = Decoder(4, (8, 8, 8, 8), maps=1, detail=4)
    torch.nn.init.normal_(decoder.detail.paint.weight, std=0.1)
    flat = torch.randn(1, MEANS + 4, 1, 1).expand(-1, -1, 6, 6)
    signs = torch.tensor([1.0, -1.0]).repeat(48)

    def grid():
        with torch.no_grad():
            made = decoder(flat, [torch.zeros(1, 1, 6 * k, 6 * k) for k in (2, 4, 8, 16)])
        return sum((made * one).mean((2, 3)).abs().mean() for one in (signs, signs[:, None]))

    without = grid()
    monkeypatch.setattr(networks, "without_grid", lambda x: x)
    assert without < 0.3 * grid()


@pytest.mark.parametrize("phase", ["autoencoder", "decoder"])
def test_detail_that_a_picture_lacks_has_no_loss(dataset, phase):
    """Two by two pixels of equal mean: the same to the losses, unless the real pictures have detail."""
    batch = batch_of(dataset)
    torch.manual_seed(0)
    domain = Domain(("a", "b"), tuple("abcd"), (0, 0, 1, 1), ("base_color", "height", "roughness"), PREPARED)
    _, config = configure("texture-small", FINER)
    family = FAMILIES["texture"].family(config, domain)
    checks = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(64, 64)

    def terms(strength, detailed):
        ours = {**batch, "detailed": torch.full((8,), detailed)}
        ours |= {"latent": torch.rand(8, MEANS + 4, 12, 12) * 0, "healed": torch.zeros(8, MEANS + 4, 12, 12)}
        hook = family.decoder.register_forward_hook(lambda *_: _[2] + strength * checks)
        found = family.loss(phase, ours, torch.Generator().manual_seed(1), 0)
        hook.remove()
        return torch.stack(list(found.values())).detach()

    assert torch.allclose(terms(0.0, False), terms(0.2, False), atol=1e-5)
    assert (terms(0.0, True) - terms(0.2, True)).abs().max() > 1e-2


def test_a_run_without_detail_goes_on_with_it(coarse, finer, dataset):
    """At first it draws what it drew, enlarged; what the encoder's normalisation learned comes along."""
    old, _, _ = load_averaged(coarse)
    plan = read_run(finer)
    assert plan["config"]["finer"] == 2 and plan["config"]["autoencoder_steps"] == 0
    new = type(old)(configure("texture-small", {**FINER})[1], old.domain)
    Base(coarse).start(new)
    crop = batch_of(dataset)["crop"]
    grain = [torch.randn(8, 1, 128 // k, 128 // k) for k in (4, 2, 1)] + [torch.randn(8, 1, 256, 256)]
    old, new = old.eval(), new.eval()
    with torch.no_grad():
        ours, theirs = new.decoder(new.encoder(crop), grain), old.decoder(old.encoder(crop), grain)
    assert (
        torch.equal(ours, enlarged(without_grid(theirs), 2)) and old.encoder.normalise.running_var.std() > 0
    )
    begun, trained = new.decoder.detail.paint.weight, load_averaged(finer)[0].decoder.detail.paint.weight
    assert begun.abs().max() == 0 < trained.abs().max()


def test_what_an_exported_file_names_is_there_with_detail_too(coarse):
    """`--from FILE.onnx` goes by these names; the field of the new stage is the generator's own."""
    old, _, _ = load_averaged(coarse)
    new = type(old)(configure("texture-small", FINER)[1], old.domain)
    ours, theirs = (dict(one.deploy().module.named_parameters()) for one in (new, old))
    assert all(ours[name].shape == parameter.shape for name, parameter in theirs.items())
    assert all(".detail." in name for name in ours.keys() - theirs.keys())


def test_a_resumed_run_has_the_bits_of_a_straight_one(dataset, tmp_path):
    for run, stops in (("straight", (4,)), ("resumed", (2, 4))):
        for steps in stops:
            train(dataset, tmp_path / run, "texture-small", FINER, steps=steps, seed=3)
    straight, resumed = state(tmp_path / "straight"), state(tmp_path / "resumed")
    assert straight.keys() == resumed.keys() and "family.decoder.detail.paint.weight" in straight
    assert [k for k in straight if not torch.equal(straight[k], resumed[k])] == []


def test_what_is_exported_draws_as_fine_and_says_so(finer):
    """The module and what its card will say; that a file computes the same, the shipped one shows."""
    family, _, _ = load_averaged(finer)
    deployment = family.deploy()
    field = next(i for i in deployment.inputs if i["kind"] == "field")
    assert field["stride"] == 64 and deployment.preview["scale"] == 8
    feeds = [feed[:1] for feed in deployment.feeds.values()]
    with torch.no_grad():
        maps, preview = deployment.module(*feeds)
    height, width = (64 * side for side in deployment.feeds[field["name"]].shape[2:])
    assert maps.shape == (1, 3 + 3 + 1 + 1, height, width), "base colour, normal, height, roughness"
    assert preview.shape == (1, 3, height // 8, width // 8)
    assert torch.nn.functional.mse_loss(torch.nn.functional.avg_pool2d(maps[:, :3], 8), preview) < 0.05
    assert family.draw(4, 1).shape == (4, 128, 128, 3), "as the encoder reads them, for the watch"


@pytest.mark.parametrize("wrong", [{"finer": 3}, {"finer": 0}, {"finer": 2, "detail_width": 0}])
def test_settings_that_do_not_fit_are_errors(wrong):
    with pytest.raises(ConfigError, match="must be"):
        configure("texture-small", {**TINY, **wrong})
