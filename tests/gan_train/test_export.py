"""Export of a trained run: one file, a true card, the numbers of torch, through the engine that ships."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from blender_addon.engine.check import check_file  # noqa: E402
from blender_addon.engine.measures import tile_seam  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from gan_train import export as export_module  # noqa: E402
from gan_train import parity  # noqa: E402
from gan_train.errors import CheckpointError, TrainingError  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.run_folder import load_averaged, read_run  # noqa: E402

from .test_loop import SMALL  # noqa: E402


@pytest.fixture(scope="module", params=SMALL)
def exported(request, datasets, tmp_path_factory):
    preset, settings = SMALL[request.param]
    dataset = datasets[request.param]
    folder = tmp_path_factory.mktemp("exported")
    train(dataset, folder / "run", preset, settings, steps=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "__version__", "2.99.0")  # as if the run had moved to another machine
        train(dataset, folder / "run", preset, settings, steps=4)
    return folder / "run", export_run(folder / "run", folder / "small.onnx", measures={"tile_r": 0.9})


def test_the_file_is_whole_and_alone(exported):
    run, path = exported
    assert check_file(path) == []
    assert [p.name for p in path.parent.iterdir() if p != run] == ["small.onnx"]
    assert b"networks.py" not in path.read_bytes(), "the exporter's stack traces name paths of this machine"


def test_the_file_computes_what_torch_computes(exported):
    """Batch 1, 2 and 6, two sizes; check_parity raises above its tolerance."""
    run, path = exported
    family, _, _ = load_averaged(run)
    assert parity.check_parity(Model.load(path), family.deploy()) < 1e-4


def test_a_file_that_differs_is_refused(exported):
    run, path = exported
    family, _, _ = load_averaged(run)
    deployment = family.deploy()
    with torch.no_grad():
        for parameter in deployment.module.parameters():
            parameter.mul_(1.5)
    with pytest.raises(TrainingError, match="differs from torch"):
        parity.check_parity(Model.load(path), deployment)


def test_the_card_tells_where_it_comes_from(exported):
    card = Model.load(exported[1]).card
    assert card.family == read_run(exported[0])["family"]
    assert len(card.labels) >= 2 or card.input("label") is None
    assert (
        card.provenance.steps == 4
        and card.provenance.licences
        and card.provenance.measures == {"tile_r": 0.9}
    )
    assert card.provenance.versions["torch"] == f"{torch.__version__}, 2.99.0 from step 2" and card.thumbnail


def test_the_margin_is_how_far_a_cell_of_the_field_reaches(exported):
    """In float64, where what does not depend does not move at all and what does is not lost in rounding."""
    family, _, _ = load_averaged(exported[0])
    deployment = family.deploy()
    field = next((i for i in deployment.inputs if i["kind"] == "field" and "margin" in i), None)
    if field is None:
        pytest.skip("this family has no field with a margin")
    if field["margin"] * field["stride"] > 320:
        pytest.skip("reaches too far to try")
    torch.manual_seed(0)
    stride, margin = field["stride"], field["margin"]
    feeds = {name: feed[:1].double() for name, feed in deployment.feeds.items()}
    cells = 2 * margin + 3
    feeds[field["name"]] = torch.randn(1, field["shape"][1], cells, cells, dtype=torch.float64)
    moved = {name: feed.clone() for name, feed in feeds.items()}
    moved[field["name"]][:, :, margin + 1, margin + 1] += 3.0
    module = deployment.module.double()
    with torch.no_grad():
        one, other = (module(*each.values()) for each in (feeds, moved))
        one, other = (each[0] if isinstance(each, tuple) else each for each in (one, other))
        away = (one - other).abs().amax((0, 1))
    reached = (
        away.unflatten(0, (cells, stride)).unflatten(2, (cells, stride)).amax((1, 3)) > 0
    )  # [cells, cells]
    rows = reached.any(1).nonzero().flatten() - (margin + 1)
    assert margin - 2 <= rows.abs().max().item() <= margin  # how far a winner shows depends on the noise


def test_what_it_draws_tiles_at_any_size(exported):
    model = Model.load(exported[1])
    if not model.card.tileable:
        pytest.skip("this family draws pictures that do not tile")
    for size in (128, 256):
        made = model.render(5, size=size).maps["base_color"]
        assert made.shape == (size * model.card.scale, size * model.card.scale, 3)
        assert tile_seam(made) <= 1.1


def test_alone_or_in_a_batch_it_is_the_same(exported):
    model = Model.load(exported[1])
    from blender_addon.engine.latents import draw

    one = [draw(model.card, seed, None, model.card.fixed_size or 64) for seed in range(6)]
    together = model.run_raw({k: np.concatenate([f[k] for f in one]) for k in one[0]})
    alone = np.concatenate([model.run_raw(f) for f in one])
    assert np.abs(together - alone).max() < 1e-5


def test_a_run_without_checkpoint_and_a_lost_export_leave_nothing(exported, tmp_path, monkeypatch):
    with pytest.raises(CheckpointError):
        export_run(tmp_path, tmp_path / "x.onnx")
    with pytest.raises(CheckpointError, match="no best checkpoint yet"):
        export_run(exported[0], tmp_path / "x.onnx", checkpoint="best")
    monkeypatch.setattr(parity, "PARITY", 0.0)
    with pytest.raises(TrainingError):
        export_run(exported[0], tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_graph_is_translated_once_and_a_damaged_one_again(exported, tmp_path, monkeypatch):
    run, path = exported
    asked = []
    monkeypatch.setattr(export_module, "write_graph", lambda deployment, to: asked.append(to))
    again = export_run(run, tmp_path / "again.onnx", name="small", measures={"tile_r": 0.9})
    assert again.read_bytes() == path.read_bytes() and asked == []
    (kept,) = (run / "graphs").iterdir()
    content = kept.read_bytes()
    kept.write_bytes(content[:-1])
    with pytest.raises(FileNotFoundError):  # nothing was written in the place of the damaged one
        export_run(run, tmp_path / "other.onnx")
    kept.write_bytes(content)
    assert len(asked) == 1


@pytest.mark.parametrize("least", [-1.0, 101.0])
def test_a_preview_is_kept_where_it_shows_the_texture(exported, tmp_path, monkeypatch, capsys, least):
    """A decoder that has hardly learned paints something else; what ships is held by tests/engine/test_preview.py."""
    deployment = load_averaged(exported[0])[0].deploy()
    if deployment.preview is None:
        pytest.skip("this family has no preview")
    monkeypatch.setattr(export_module, "LEAST", least)
    model = Model.load(export_run(exported[0], tmp_path / "x.onnx"))
    assert parity.check_parity(model, deployment) < 1e-4
    said = "exported without a preview: it shows something else (PSNR" in capsys.readouterr().err
    assert said == (model.card.preview is None) == (least > 100)
    if model.card.preview:
        scale, names = deployment.preview["scale"], [one["name"] for one in deployment.preview["maps"]]
        made = model.render(5, size=128, preview=True).maps
        assert list(made) == names and made["base_color"].shape == (128 // scale, 128 // scale, 3)


def test_deployment_feeds_match_the_card_inputs(exported):
    family, _, _ = load_averaged(exported[0])
    deployment = family.deploy()
    names = [name for i in deployment.inputs for name in (i["name"], i.get("switch")) if name]
    assert list(deployment.feeds) == names == list(deployment.dynamic)
    assert dataclasses.is_dataclass(deployment)
