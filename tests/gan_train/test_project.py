"""A photo to the latent whose picture is nearest: distances, gradients, files, refusals; a photo made by the model."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from blender_addon.engine import latent_file, png  # noqa: E402
from blender_addon.engine.card import Input, Output  # noqa: E402
from blender_addon.engine.latents import draw  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from blender_addon.engine.pixels import to_uint8  # noqa: E402
from gan_train import project as project_module  # noqa: E402
from gan_train import refine as refine_module  # noqa: E402
from gan_train.appearance import Appearance  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.families.style import Style  # noqa: E402
from gan_train.families.style_config import StyleConfig  # noqa: E402
from gan_train.family import Domain  # noqa: E402
from gan_train.presets import PRESETS  # noqa: E402
from gan_train.refine import refine  # noqa: E402
from gan_train.search import by_chance  # noqa: E402
from tests.tiny import make_tiny, tiny_card  # noqa: E402
from tests.tiny_style import make_tiny_style  # noqa: E402

from .pictures import save_texture, texture  # noqa: E402
from .test_loop import TINY_STYLE  # noqa: E402


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny.onnx")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Small pictures and few of them, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setattr(project_module, "SIDE", 64)
    monkeypatch.setattr(project_module, "PRIOR", 16)
    monkeypatch.setattr(project_module, "GRADIENT_STEPS", 3)
    monkeypatch.setattr(refine_module, "GRADIENT_STEPS", 3)
    yield
    torch.set_num_threads(threads)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return project_module._tensor(np.ascontiguousarray(pixels))


def test_a_photo_is_at_0_a_random_picture_at_1_and_its_layout_does_not_matter():
    photo, *others = (np.tile(texture(seed, 32), (4, 4, 1)) for seed in range(20))
    pictures = [tensor(pixels) for pixels in others]
    looks = Appearance([tensor(photo), tensor(photo[::2, ::2])], pictures, with_layout=False)
    moved = np.roll(photo, (17, 40), (0, 1))
    assert looks(tensor(photo))[0] == 0 < looks(tensor(photo))[1]
    assert looks(tensor(moved))[0] < 0.4
    assert np.median([looks(one)[0] for one in pictures]) == pytest.approx(1, abs=0.15)
    places = Appearance([tensor(photo)], pictures, with_layout=True)
    assert places(tensor(photo))[0] == 0 and places(tensor(moved))[0] > 0.25


def test_the_distance_has_gradients_everywhere():
    pictures = [tensor(texture(seed, 64)) for seed in range(4)]
    for layout in (False, True):
        looks = Appearance([pictures[0]], pictures, layout)
        for start in (pictures[1].clone(), torch.full((1, 3, 64, 64), 0.5)):
            start.requires_grad_()
            looks(start).sum().backward()
            assert torch.isfinite(start.grad).all() and start.grad.abs().sum() > 0


def test_gradients_find_the_colour():
    """A generator whose picture is the colour z[:3] + psi, and brighter for moss: everything is moved at once."""
    card = tiny_card(("base_color",), ("brick", "moss"), 16, "flat")

    class Flat(torch.nn.Module):
        def forward(self, z, field, label, psi):
            color = 0.1 * z[:, :3] + 0.1 * psi + 0.5 * label[:, 1:]
            return torch.tanh(color)[:, :, None, None].expand(-1, -1, 32, 32)

    start = by_chance(card, 0, None, np.random.default_rng(0))
    feeds = draw(card, 0, size=32, **start.wish(card))
    goal, steps = torch.tensor([0.6, 0.5, 0.4])[None, :, None, None], []

    def distance(picture):
        return (picture - goal).abs().mean()

    refine_module.GRADIENT_STEPS = 100  # the fixture puts it back
    found = refine(card, Flat(), feeds, start, distance, True, lambda: steps.append(1))
    given = {
        name: torch.from_numpy(value) for name, value in draw(card, 0, size=32, **found.wish(card)).items()
    }
    before = distance(Flat()(*(torch.from_numpy(feeds[one.name]) for one in card.inputs)))
    after = distance(Flat()(*(given[one.name] for one in card.inputs)))
    assert after < 0.3 * before and len(steps) == 100
    assert found.label[1] > 0 and 0 <= found.scalars["psi"] <= 1
    assert np.linalg.norm(found.latents["z"]) < 1.2 * 8**0.5


def test_of_a_style_family_the_styles_of_each_layer_are_moved():
    """The real family with random weights: found styles go through a file's numbers into the same module."""
    config = StyleConfig(**{**PRESETS["style-small"][1], **TINY_STYLE, "resolution": 32})
    torch.manual_seed(0)
    deployment = Style(config, Domain(("a", "b"), ("m", "n"), (0, 1))).deploy()
    inputs = [
        {k: tuple(v) if isinstance(v, list) else v for k, v in one.items()} for one in deployment.inputs
    ]
    card = dataclasses.replace(
        tiny_card(("base_color",), (), 16, "style"),
        inputs=tuple(Input(**one) for one in inputs),
        output=Output("maps", ("N", 3, 32, 32), (-1.0, 1.0)),
    )
    goal = torch.rand(1, 3, 1, 1, generator=torch.Generator().manual_seed(1)) - 0.5
    start = by_chance(card, 0, None, np.random.default_rng(0))
    feeds = draw(card, 0, **start.wish(card))

    def distance(picture):
        return (picture - goal).abs().mean()

    refine_module.GRADIENT_STEPS = 60  # the fixture puts it back
    found = refine(card, deployment.module, feeds, start, distance, True, lambda: None)
    shape = next(one.shape[1:] for one in card.inputs if one.kind == "style")
    assert found.latents["w"].shape == (shape[0] * shape[1],) and found.label.sum() == pytest.approx(1)
    given = {name: torch.from_numpy(value) for name, value in draw(card, 0, **found.wish(card)).items()}
    off = {"w": torch.zeros(1, *shape), "use_w": torch.zeros(1, shape[0])}
    before, _ = deployment.module(*({**given, **off}[name] for name in deployment.feeds))
    after, _ = deployment.module(*(given[name] for name in deployment.feeds))
    assert distance(after.clamp(-1, 1)) < 0.6 * distance(before.clamp(-1, 1))


def test_a_picture_of_the_model_itself_is_found_again(tiny, tmp_path, capsys):
    model = Model.load(tiny, "cpu")
    photo = to_uint8(model.render(999, "sand", 128).maps["base_color"])
    Image.fromarray(photo).save(tmp_path / "photo.png")
    command = ["project", str(tiny), str(tmp_path / "photo.png"), "--tries", "160", "--out"]
    assert main([*command, str(tmp_path / "new" / "a.json")]) == 0
    said = capsys.readouterr().out
    assert "sand" in said and f"gancube cube --model {tiny} --latent" in said
    found = latent_file.read(tmp_path / "new" / "a.json")
    assert max(found.label, key=found.label.get) == "sand" and found.distance < 0.9
    assert found.model == {"name": "tiny", "sha256": model.sha256} and (found.seed, found.size) == (0, 64)
    sheet, _ = png.decode((tmp_path / "new" / "a.png").read_bytes())
    drawn = model.render(0, found.label, 64, found.scalars, latents=found.latents).maps["base_color"]
    windows = np.lib.stride_tricks.sliding_window_view(sheet[..., 0], (64, 64))
    assert (windows[:, :, ::7, ::7] == to_uint8(drawn)[::7, ::7, 0]).all((2, 3)).any(), (
        "the file makes the picture"
    )

    assert main([*command, str(tmp_path / "b.json")]) == 0
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "new" / "a.json").read_bytes()
    assert main([*command, str(tmp_path / "c.json"), "--label", "moss", "--seed", "5"]) == 0
    other = json.loads((tmp_path / "c.json").read_text())
    assert other["label"] == {"moss": 1.0} and other["seed"] == 5


def test_of_a_run_the_result_is_refined(tiny, tmp_path, monkeypatch, capsys):
    """A run goes through export_run and load_averaged; here stand-ins, a copy of the tiny model and a torch module."""
    pytest.importorskip("onnxscript")
    calls = []

    class Module(torch.nn.Module):
        def forward(self, z, field, label, psi):
            calls.append(z.requires_grad and label.requires_grad and psi.requires_grad)
            return (z.mean() + label[:, :1].mean() + psi.mean()) * torch.tanh(field[:, :3]).repeat(
                1, 1, 16, 16
            )

    family = SimpleNamespace(deploy=lambda: SimpleNamespace(module=Module()))
    monkeypatch.setattr("gan_train.export.export_run", lambda run, path, **asked: shutil.copy(tiny, path))
    monkeypatch.setattr("gan_train.run_folder.load_averaged", lambda run, kept: (family, {}, {}))
    (tmp_path / "run").mkdir()
    photo = save_texture(tmp_path / "photo.jpg", 3)
    asked = ["project", str(tmp_path / "run"), str(photo), "--out", str(tmp_path / "a.json"), "--tries", "40"]
    assert main(asked) == 0
    assert calls == [True] * 3 and "next" not in capsys.readouterr().out
    found = latent_file.read(tmp_path / "a.json")
    assert 0 < found.distance < 1.5 and found.model["name"] == "run"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--out", "a.png"], "must end in .json"),
        (["--label", "velvet"], "brick, moss, sand"),
        (["--tries", "3"], "--tries 3"),
        (["--seed", "-1"], "--seed -1"),
        (["--photo-size", "9"], "--photo-size 9"),
    ],
)
def test_refusals(tiny, tmp_path, monkeypatch, capsys, arguments, word):
    photo = save_texture(tmp_path / "photo.png", 1)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert main(["project", str(tiny), str(photo), "--out", "a.json", *arguments]) == 2
    assert word in capsys.readouterr().err
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize(
    ("content", "word"), [(None, "cannot be read"), (b"a text", "not an image"), (b"", "empty")]
)
def test_what_is_no_photo(tiny, tmp_path, capsys, content, word):
    if content is not None:
        (tmp_path / "photo.jpg").write_bytes(content)
    command = ["project", str(tiny), str(tmp_path / "photo.jpg"), "--out", str(tmp_path / "a.json")]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert word in error and "photo.jpg" in error and not (tmp_path / "a.json").exists()
    save_texture(tmp_path / "small.png", 1, size=60)
    command[2] = str(tmp_path / "small.png")
    assert main(command) == 2 and "too small" in capsys.readouterr().err


def test_pictures_too_small_to_compare(tmp_path, capsys):
    small = make_tiny_style(tmp_path / "small.onnx")
    photo = save_texture(tmp_path / "photo.png", 1)
    assert main(["project", str(small), str(photo), "--out", str(tmp_path / "a.json")]) == 2
    assert "24 px" in capsys.readouterr().err
