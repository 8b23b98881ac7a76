"""Fine-tuning: a run that begins with the weights of an exported file or of another run."""

import json
from collections import Counter

import pytest

torch = pytest.importorskip("torch")

from blender_addon.engine.errors import ModelError  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from blender_addon.engine.onnx_file import read_onnx, write_metadata  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.errors import CheckpointError, ConfigError  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.loop import joined, train  # noqa: E402
from gan_train.run_folder import load_averaged, read_run  # noqa: E402
from gan_train.weights import NOTES_KEY, Base  # noqa: E402

from .pictures import save_folder  # noqa: E402
from .test_loop import SMALL  # noqa: E402


@pytest.fixture(scope="module", params=SMALL)
def trained(request, datasets, tmp_path_factory):
    preset, settings = SMALL[request.param]
    folder = tmp_path_factory.mktemp("trained")
    train(datasets[request.param], folder / "run", preset, settings, steps=3)
    return folder / "run", export_run(folder / "run", folder / "base.onnx")


@pytest.fixture(scope="module")
def other_dataset(tmp_path_factory):
    """Other labels, other pictures, another licence."""
    from gan_train.prepare import PrepareOptions, prepare

    folder = tmp_path_factory.mktemp("other")
    save_folder(folder / "in", {"cork": 4, "felt": 4}, size=160)
    prepare(PrepareOptions(folder / "in", folder / "out", 128, min_per_label=1, licence="CC-BY-4.0"))
    return folder / "out"


@pytest.mark.parametrize("kind", [0, 1])
def test_every_weight_of_the_generator_is_taken(trained, kind):
    """From the run and from the file: what is deployed is the same, whatever the exporter folded."""
    family, _, _ = load_averaged(trained[0])
    fresh = type(family)(family.config, family.domain) if hasattr(family, "domain") else None
    if fresh is None:
        pytest.skip("this family does not keep its domain")
    Base(trained[kind]).start(fresh)
    ours, theirs = (dict(f.deploy().module.named_parameters()) for f in (fresh, family))
    for name, tensor in theirs.items():
        assert torch.allclose(ours[name], tensor, rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize("kind", [0, 1])
def test_a_run_goes_on_from_it_with_other_labels(trained, other_dataset, tmp_path, kind):
    train(other_dataset, tmp_path / "run", None, {}, steps=1, source=trained[kind])
    plan = read_run(tmp_path / "run")
    assert plan["domain"]["labels"] == ["cork", "felt"] and plan["source"]["name"] in ("run", "base")
    base = Base(trained[kind])
    new = json.loads((other_dataset / "dataset.json").read_text())["licences"]
    assert Counter(plan["provenance"]["licences"]) == Counter(base.licences) + Counter(new)
    again = joined({**plan, "dataset": {"sha256": base.dataset}}, base)["licences"]
    assert again == plan["provenance"]["licences"], "a dataset seen twice is counted once"
    train(other_dataset, tmp_path / "run", None, {}, steps=2, source=trained[kind])  # the same command again
    with pytest.raises(CheckpointError, match="source"):
        train(other_dataset, tmp_path / "run", None, {}, steps=3, source=tmp_path / "run")


def test_networks_of_another_shape_are_refused(trained, datasets, tmp_path):
    family = Base(trained[1]).family
    preset, small_dataset = SMALL[family][0], datasets[family]
    with pytest.raises(ConfigError, match="tensors fit"):
        train(small_dataset, tmp_path / "run", preset, {"batch": 2}, steps=1, source=trained[1])


@pytest.mark.parametrize(
    "notes", [None, "{", '{"family": "x"}', '{"family": "x", "config": {"a": 1e99}, "found": 3}']
)
def test_files_without_true_notes_are_refused(trained, tmp_path, notes):
    facts = read_onnx(trained[1]).metadata
    facts = {k: v for k, v in facts.items() if k != NOTES_KEY} | ({NOTES_KEY: notes} if notes else {})
    write_metadata(trained[1], tmp_path / "x.onnx", facts)
    Model.load(tmp_path / "x.onnx")  # raises nothing: the notes are for training alone
    with pytest.raises(ModelError, match="training"):
        Base(tmp_path / "x.onnx")


def test_a_stranger_cannot_ask_for_endless_networks(trained, tmp_path):
    facts = dict(read_onnx(trained[1]).metadata)
    notes = json.loads(facts[NOTES_KEY])
    notes["config"]["batch"] = 10**9
    write_metadata(trained[1], tmp_path / "x.onnx", {**facts, NOTES_KEY: json.dumps(notes)})
    with pytest.raises(ModelError, match="too large"):
        Base(tmp_path / "x.onnx")


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    command = ["train", "data", "--out", str(tmp_path / "run"), "--steps", "1", "--from"]
    assert main([*command, str(tmp_path / "absent.onnx")]) == 2 and "no such file" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main([*command, str(tmp_path / "empty")]) == 2 and "no run" in capsys.readouterr().err
