"""Maps learned from pairs: what is missing is left out, normals belong to their height, figures beside a baseline."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from gan_train import pair_figures  # noqa: E402
from gan_train.aligned_maps import derive, sketch  # noqa: E402
from gan_train.aligned_sampler import AlignedSampler  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.errors import ConfigError, DatasetError  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.families.paired import PairedGenerator, grain_distance  # noqa: E402
from gan_train.families.paired_config import PairedConfig  # noqa: E402
from gan_train.families.upscale_config import UpscaleConfig  # noqa: E402
from gan_train.loop import configure, train  # noqa: E402
from gan_train.manifest import read_manifest  # noqa: E402
from gan_train.map_views import View, Views  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.relief import normal_of_height  # noqa: E402
from gan_train.run_folder import load_averaged  # noqa: E402
from gan_train.translator import Translator  # noqa: E402

from .pictures import bricks, texture  # noqa: E402

TINY = {"crop": 64, "batch": 2, "width": (8, 8), "depth": 1, "critic_width": (8, 8, 8), "warmup_steps": 2}
SIDE = 96


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """Ten materials with normals: those of odd numbers without roughness."""
    root = tmp_path_factory.mktemp("materials")
    for number in range(10):
        folder = root / "pictures/wall" / str(number)
        folder.mkdir(parents=True)
        color = bricks(number, SIDE) if number % 3 else texture(number, SIDE)
        height = torch.from_numpy(color.mean(2, dtype=np.float32) / 255)[None, None] * 0.3
        normal = (normal_of_height(height)[0].permute(1, 2, 0).numpy() + 1) * 127.5
        for name, pixels in {
            "basecolor": color,
            "normal_gl": normal,
            "roughness": 255 - color[..., 0],
        }.items():
            if name != "roughness" or number % 2 == 0:
                Image.fromarray(np.asarray(pixels).round().astype(np.uint8)).save(folder / f"{name}.png")
    prepare(
        PrepareOptions(
            root / "pictures", root / "dataset", size=SIDE, min_size=64, min_per_label=1, heldout=0.3
        )
    )
    return root / "dataset"


@pytest.fixture(scope="module")
def trained(materials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    train(materials, folder / "run", "maps", TINY, steps=4)
    return folder / "run", export_run(folder / "run", folder / "maps.onnx")


def test_a_missing_map_has_no_loss(materials, tmp_path):
    config = PairedConfig(**TINY)
    sampler = AlignedSampler(materials, config)
    assert sampler.domain.maps == ("normal", "height", "roughness", "base_color")
    family = load_after_one_step(materials, tmp_path)
    batch = sampler(0, 0, torch.device("cpu"))
    batch["present"][:, 2] = False
    terms = family.loss("warmup", dict(batch), torch.Generator(), 0)
    assert set(terms) == {"normal", "height"}
    terms = family.loss("generator", batch, torch.Generator(), 0)
    assert torch.equal(batch["fake"][:, 7:], torch.zeros_like(batch["fake"][:, 7:])), (
        "roughness, of neither picture"
    )
    assert torch.equal(batch["real"][:, 7:], torch.zeros_like(batch["real"][:, 7:]))
    assert {"adversarial", "features"} <= set(terms) and all(torch.isfinite(t).all() for t in terms.values())


def load_after_one_step(materials, tmp_path):
    train(materials, tmp_path / "run", "maps", TINY, steps=1)
    return load_averaged(tmp_path / "run")[0]


@pytest.mark.parametrize("zoom", [1.0, 1.5])
def test_normals_turn_with_their_picture(materials, zoom):
    """The base colour is what the normals were made of: whichever way up, and however small, they fit it."""
    sampler = AlignedSampler(materials, PairedConfig(**TINY | {"zoom": zoom}))
    for step in range(12):
        batch = sampler(0, step, torch.device("cpu"))
        for picture in batch["picture"]:
            normal, color = picture[:3].numpy(), picture[-3:].mean(0).numpy()
            down, right = np.gradient(color)
            inner = np.s_[2:-2, 2:-2]
            for slope, towards in ((-right, normal[0]), (down, normal[1])):
                assert np.corrcoef(slope[inner].ravel(), towards[inner].ravel())[0, 1] > 0.65
            assert np.allclose((normal**2).sum(0), 1, atol=0.05)


def test_a_height_shrinks_with_its_ground():
    """Slopes stay what they are."""
    random = np.random.default_rng(0)
    view = View.draw(Views(zoom=2.0), 64, (128, 128), True, random)
    ramp = np.broadcast_to(
        np.linspace(-1, 1, view.side, dtype=np.float32)[:, None, None], (view.side, view.side, 1)
    )
    small = view.of("height", ramp, 64)
    steepest = max(np.abs(np.diff(small[8:-8, 8:-8], axis=axis)).mean() for axis in (0, 1))
    assert view.side > 64 and steepest == pytest.approx(2 / (view.side - 1), rel=0.02)


def test_a_tint_is_of_what_goes_in_alone(materials):
    """Roughness is no colour, and a colour that comes out must stay the one that its input has."""
    plain, tinted = (AlignedSampler(materials, PairedConfig(**TINY | {"tint": t})) for t in (0.0, 0.5))
    assert plain.lit == tinted.lit == {"base_color"}
    assert not AlignedSampler(materials, configure("colourise", {"crop": 64})[1]).lit
    view = View.draw(Views(tint=0.5), 64, (64, 64), False, np.random.default_rng(0))
    color = np.linspace(-1, 1, 64 * 64 * 3, dtype=np.float32).reshape(64, 64, 3)
    lit = view.lit(color)
    assert lit.min() == -1 and lit.max() <= 1 and 0.05 < np.abs(lit - color).mean() < 0.6


def test_normals_are_the_slopes_of_the_height_and_the_margin_holds(trained):
    family, _, _ = load_averaged(trained[0])
    deployment = family.deploy()
    (entry,) = deployment.inputs
    module, margin, cell = deployment.module.double(), entry["margin"], entry["multiple_of"]
    side = 2 * margin + 4 * cell
    x = torch.rand(1, 3, side, side, dtype=torch.float64) * 2 - 1
    moved = x.clone()
    moved[:, :, margin + cell, margin + cell] += 3
    with torch.no_grad():
        made, other = module(x), module(moved)
    assert torch.allclose(made[:, :3], normal_of_height(made[:, 3:4]))
    rows = (made - other).abs().amax((0, 1, 3)).nonzero().flatten() - margin - cell
    assert -margin <= rows.min() and rows.max() <= margin


def test_a_normal_without_a_height_is_drawn_by_itself():
    family, config = configure("maps", {"outputs": ("normal",), "width": (8, 8), "depth": 1})
    from gan_train.families.paired import drawn_channels
    from gan_train.translator import Translator

    assert family == "paired" and drawn_channels(config.outputs) == [2]
    made = PairedGenerator(Translator(3, 2, (8, 8), 1), ("base_color",), config.outputs)(
        torch.zeros(1, 3, 8, 8)
    )
    assert torch.allclose(made.square().sum(1), torch.ones(1, 8, 8), atol=1e-5)


def test_measure_and_sample_stand_beside_the_real_ones(trained, materials, tmp_path, capsys):
    assert main(["measure", str(trained[1]), "--data", str(materials), "--json"]) == 0
    panel = json.loads(capsys.readouterr().out)
    assert panel["beside"] == "baseline" and panel["count"] == len(read_manifest(materials).split("heldout"))
    rows = panel["measures"]
    assert set(rows) >= {"normal_angle", "height_correlation", "roughness_error"}
    assert rows["normal_angle"]["floor"] < 5 < rows["normal_angle"]["value"], (
        "the classic filter is right here"
    )
    assert rows["height_correlation"]["floor"] > 0.5 and rows["roughness_error"]["n"] <= panel["count"]
    (tmp_path / "m.json").write_text(json.dumps(panel))
    from gan_train.export_command import _read_measures

    assert _read_measures(tmp_path / "m.json")["normal_angle_baseline"] == float(
        f"{rows['normal_angle']['floor']:.4g}"
    )
    assert main(["sample", str(trained[1]), "--data", str(materials), "--out", str(tmp_path / "s.png")]) == 0
    with Image.open(tmp_path / "s.png") as sheet:
        assert 7 * 96 < sheet.width < 7 * 128, "cells as large as the pictures"
    capsys.readouterr()
    assert main(["sample", str(trained[0]), "--out", str(tmp_path / "s.png")]) == 2
    said = capsys.readouterr().err
    assert "takes pictures: say with --data" in said and "exporting" not in said, "before the export"
    assert main(["sample", str(trained[1]), "--data", str(materials), "--out", str(tmp_path / "s")]) == 2
    assert "ends in .png" in capsys.readouterr().err


def test_measure_shows_held_out_pictures_unpicked(trained, materials, tmp_path, capsys):
    asked = ["measure", str(trained[1]), "--data", str(materials), "--count", "2"]
    assert main([*asked, "--pictures", str(tmp_path / "new" / "folder")]) == 0
    (sheet,) = (tmp_path / "new" / "folder").iterdir()
    sample = ["sample", str(trained[1]), "--data", str(materials), "--count", "2"]
    assert main([*sample, "--out", str(tmp_path / "s.png")]) == 0
    assert sheet.name == "samples.png" and sheet.read_bytes() == (tmp_path / "s.png").read_bytes()
    (tmp_path / "file").write_text("")
    capsys.readouterr()
    assert main([*asked, "--pictures", str(tmp_path / "file")]) == 2
    assert "cannot be made a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "more, said",
    [
        (["--size", "64"], "--size: is for generators that make textures; maps takes pictures"),
        (["--fid"], "--fid: is for generators that make textures"),
        (["--source", "wall"], "--source: is for generators between looks"),
        (["--target", "wall"], "--target: is for generators between looks"),
        (["--split", "train"], "--split: is for generators between looks"),
        (["--count", "0"], "--count 0: at least one picture"),
        (["--count", "-3"], "--count -3: at least one picture"),
    ],
)
def test_measure_refuses_what_pairs_have_no_use_for(trained, materials, capsys, more, said):
    assert main(["measure", str(trained[1]), "--data", str(materials), *more]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "preset, wrong, said",
    [
        ("maps", {"outputs": ("base_color",)}, "none that goes in"),
        ("maps", {"outputs": ("colour",)}, "outputs=colour: must be of base_color"),
        ("maps", {"inputs": ()}, "inputs="),
        ("maps", {"crop": 72}, "a multiple of 16"),
        ("upscale-x4-cpu", {"scale": 3}, "2 or 4"),
        ("upscale-x4-cpu", {"scale": 2}, "one number for each doubling"),
        ("upscale-x4-cpu", {"variant": "sharp"}, "adversarial or psnr"),
    ],
)
def test_settings_that_cannot_be(preset, wrong, said):
    with pytest.raises(ConfigError, match=said):
        configure(preset, wrong)


def test_a_dataset_without_the_maps(small_dataset, materials):
    with pytest.raises(
        DatasetError, match="no picture has what these settings ask for: position, object_normal"
    ):
        AlignedSampler(small_dataset, configure("geometry", {"crop": 64})[1])
    with pytest.raises(DatasetError, match=r"normal \(made of height\)"):
        AlignedSampler(small_dataset, PairedConfig(**{**TINY, "outputs": ("normal", "height")}))
    with pytest.raises(DatasetError, match="no picture has a metallic map"):
        AlignedSampler(materials, UpscaleConfig(maps=("base_color", "metallic"), crop=64))
    with pytest.raises(ConfigError, match="smaller than the crops"):
        AlignedSampler(materials, dataclasses.replace(PairedConfig(**TINY), crop=512))


def test_lines_are_drawn_where_it_is_dark_and_derived_maps_wrap():
    light = np.ones((32, 32), np.float32)
    light[:, 10] = 0
    drawn = sketch(light, True)
    assert drawn[:, 10].min() == 1 and drawn[:, 16:].max() == 0
    assert not sketch(np.full((32, 32), 0.5, np.float32), False).any()
    height = np.random.default_rng(0).random((16, 16, 1), np.float32)
    rolled = derive("normal", np.roll(height, 5, 1), True)
    assert np.allclose(rolled, np.roll(derive("normal", height, True), 5, 1), atol=1e-5)


def test_the_figures_of_known_errors():
    rng = np.random.default_rng(0)
    real = rng.random((48, 48, 3)).astype(np.float32)
    assert pair_figures.psnr(real + 0.1, real) == pytest.approx(20, abs=1e-3)
    assert pair_figures.ssim(real, real) == pytest.approx(1) and pair_figures.ssim(real, real[::-1]) < 0.1
    assert pair_figures.correlation(1 - real, real) == pytest.approx(-1)
    assert pair_figures.error(real + 2 / 255, real) == pytest.approx(2, abs=1e-3)
    up, tilted = (np.broadcast_to(np.array(v, np.float32), (4, 4, 3)) for v in ((0.5, 0.5, 1), (1, 0.5, 0.5)))
    assert pair_figures.angle(up, tilted) == pytest.approx(90)
    assert pair_figures.spectrum(real, real) == 0 < pair_figures.spectrum(real * 0.5, real)
    made = pair_figures.filtered_normal(real, 3.0, True)
    assert pair_figures.fitted_strength([(real, made, True)]) == 3


def test_a_pattern_in_space_is_learned_from_waves_of_the_position():
    """Eight stripes over the cube: from the position alone nothing but their mean is drawn."""
    ramp = torch.linspace(-1, 1, 64)
    place = torch.stack((*torch.meshgrid(ramp, ramp, indexing="ij"), torch.zeros(64, 64)))[None]
    stripes = torch.cos(8 * torch.pi * place[:, :1]).expand(-1, 3, -1, -1)
    errors = []
    for waves in (0, 5):
        torch.manual_seed(0)
        network = Translator(3 + 8 * waves, 3, (8, 8), 1)
        generator = PairedGenerator(network, ("position",), ("base_color",), waves)
        optimizer = torch.optim.Adam(network.parameters(), 0.01)
        for _ in range(40):
            error = (generator(place) - stripes)[:, :, 8:-8, 8:-8].abs().mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
        errors.append(error.item())
    assert errors[1] < 0.5 * errors[0], errors


def test_grain_is_the_same_wherever_it_stands_and_lacking_in_what_is_blurred():
    random = torch.Generator().manual_seed(3)
    real = torch.rand(2, 3, 64, 64, generator=random) * 2 - 1
    moved, blurred = real.roll((8, 24), (2, 3)), torch.nn.functional.avg_pool2d(real, 3, 1, 1)
    same, other = (grain_distance(x, real, random).item() for x in (moved, blurred))
    assert same < 0.2 * other
