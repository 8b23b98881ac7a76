"""A watched run: what it sees, keeps and writes, how it stops, and that it is watched alike when it is resumed."""

import functools
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gan_train.checkpoint import checkpoints  # noqa: E402
from gan_train.cli import main  # noqa: E402
from gan_train.demo_data import PATTERNS  # noqa: E402
from gan_train.errors import CollapseError, NotFiniteError, TrainingError  # noqa: E402
from gan_train.families import FAMILIES  # noqa: E402
from gan_train.loop import configure, train  # noqa: E402
from gan_train.preview_figures import COUNT, PreviewFigures, real_pictures  # noqa: E402
from gan_train.run_folder import load_averaged  # noqa: E402
from gan_train.watch import RunWatch  # noqa: E402
from tests.gan_train.test_loop import SMALL, TINY, as_arguments  # noqa: E402


def pictures(seed: int, count: int = COUNT) -> np.ndarray:
    """[count, 64, 64, 3] uint8 of the demo patterns in turn."""
    found = []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        found.append(list(PATTERNS.values())[i % len(PATTERNS)](64, rng))
    return np.floor(np.clip(np.stack(found), 0, 1) * 255 + 0.5).astype(np.uint8)


@pytest.fixture(scope="module")
def figures_of():
    return PreviewFigures(pictures(0, 2 * COUNT))


def test_figures_tell_good_pictures_from_bad_ones(figures_of):
    good = figures_of(pictures(1))
    assert good["frechet"] < 2 and good["spread"] > 0.8 and good["nearest"] > 0.5
    assert good["recall"] > 0.8 and good["coverage"] > 0.8
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, 64, 64, 3), np.uint8)
    assert figures_of(noise)["coverage"] < 0.1 and figures_of(noise)["score"] > 10 * good["score"]
    one = figures_of(np.repeat(pictures(1, 1), COUNT, 0))
    assert one["spread"] == one["nearest"] == 0 and one["recall"] == 0 and one["score"] > 3 * good["score"]
    few = figures_of(np.tile(pictures(1, 8), (8, 1, 1, 1)))
    assert few["nearest"] == 0 and few["spread"] > 0.5 and few["score"] > good["score"]


def test_a_set_so_small_that_real_pictures_repeat():
    few = PreviewFigures(np.tile(pictures(0, 48), (3, 1, 1, 1))[: 2 * COUNT])
    assert (
        0.5 < few(pictures(1))["nearest"] < 2 and few(np.tile(pictures(1, 8), (8, 1, 1, 1)))["nearest"] == 0
    )


def test_pictures_of_any_size_are_compared():
    small = PreviewFigures(pictures(0, 2 * COUNT)[:, :24, :24])
    good = small(pictures(1)[:, :24, :24])["frechet"]
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, 24, 24, 3), np.uint8)
    assert good < 3 and small(noise)["frechet"] > 3 * good


def test_real_pictures_are_those_of_the_sampler(small_dataset):
    class Clear:
        batch = 50

        def __call__(self, seed, step, device):
            return {"picture": torch.full((50, 4, 64, 64), 0.5), "label": torch.zeros(50)}

    clear = real_pictures(Clear())
    assert clear.shape == (2 * COUNT, 64, 64, 3) and (clear == round((0.375 + 1) * 127.5)).all()
    config = configure("texture-small", TINY)[1]
    real = real_pictures(FAMILIES["texture"].sampler(small_dataset, config))
    assert real.shape == (2 * COUNT, 128, 128, 3) and real.dtype == np.uint8 and real.std() > 20


@pytest.mark.parametrize("family", SMALL)
def test_each_family_draws_as_many_as_are_asked_for(datasets, tmp_path, family):
    small_dataset = datasets[family]
    preset, settings = SMALL[family]
    train(small_dataset, tmp_path / "run", preset, {**settings, "batch": 10}, steps=2)
    family, _, _ = load_averaged(tmp_path / "run")
    drawn = family.draw(20, seed=3)
    assert drawn.shape[0] == 20 and drawn.shape[3] == 3 and drawn.dtype == np.uint8
    assert np.array_equal(drawn, family.draw(20, seed=3)) and not np.array_equal(
        drawn, family.draw(20, seed=4)
    )


@pytest.fixture
def watch(tmp_path, figures_of):
    """A RunWatch without a dataset."""
    return make_watch(tmp_path, figures_of)


def make_watch(run, figures_of, **options) -> RunWatch:
    class Nothing:
        batch = 200

        def __call__(self, *_):
            return {"crop": torch.linspace(-1, 1, 200 * 3 * 64).reshape(200, 3, 8, 8)}

    made = RunWatch(run, Nothing(), grace=0, **options)
    made.figures_of = figures_of
    return made


def rows(run, name):
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def test_the_best_so_far_and_the_alarms_are_written(watch, tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, 64, 64, 3), np.uint8)
    one = np.repeat(pictures(1, 1), COUNT, 0)
    seen = [noise, None, pictures(1), one, one, one]
    best = [watch.see(50 * step, {}, drawn) for step, drawn in enumerate(seen)]
    assert best == [True, False, True, False, False, False]
    assert [row["best"] for row in rows(tmp_path, "watch.jsonl")] == [True, True, False, False, False]
    (alarm,) = rows(tmp_path, "alarms.jsonl")
    assert alarm["step"] == 200 and alarm["alarm"] == "collapse"
    assert capsys.readouterr().err.count("alarm at step 200: diversity collapse") == 1


def test_a_collapse_ends_the_run_where_that_was_asked(tmp_path, figures_of):
    watch = make_watch(tmp_path, figures_of, stop_on_collapse=True)
    one = np.repeat(pictures(1, 1), COUNT, 0)
    watch.see(0, {}, one)
    with pytest.raises(CollapseError, match="nearly the same picture"):
        watch.see(500, {}, one)
    assert rows(tmp_path, "alarms.jsonl")[0]["alarm"] == "collapse"


def test_rows_of_steps_that_are_done_again_are_forgotten(tmp_path, figures_of):
    first, second = make_watch(tmp_path, figures_of), make_watch(tmp_path, figures_of)
    one = np.repeat(pictures(1, 1), COUNT, 0)
    first.see(500, {}, pictures(1))
    state = json.loads(json.dumps(first.state()))
    first.see(1000, {}, one)
    first.see(1500, {}, one)
    second.restore(state)
    second.see(1000, {}, one)
    assert [row["step"] for row in rows(tmp_path, "watch.jsonl")] == [500, 1000]
    assert rows(tmp_path, "alarms.jsonl") == []
    second.see(1500, {}, one)
    assert len(rows(tmp_path, "alarms.jsonl")) == 1


LOOKING = functools.partial(RunWatch, pictures=2, grace=2)


def test_a_run_is_watched_and_its_best_state_kept(small_dataset, tmp_path):
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    train(small_dataset, straight, "texture-small", TINY, steps=8, watch=LOOKING)
    for steps in (3, 8):
        train(small_dataset, resumed, "texture-small", TINY, steps=steps, watch=LOOKING)
    seen = rows(straight, "watch.jsonl")
    assert [row["step"] for row in seen] == [2, 4, 6, 8], "the first step is the autoencoder's"
    assert rows(resumed, "watch.jsonl") == seen
    best = min(seen, key=lambda row: row["score"])["step"]
    for run in (straight, resumed):
        assert [folder.name for folder in checkpoints(run, "best")] == [f"step-{best:09d}"]
        assert load_averaged(run, "best")[2]["step"] == best and load_averaged(run)[2]["step"] == 8
    watched = (straight / "checkpoints/step-000000008/state.json").read_text()
    assert json.loads(watched)["watch"]["best"] == min(row["score"] for row in seen)


def test_a_watch_changes_no_weight(small_dataset, tmp_path):
    train(small_dataset, tmp_path / "alone", "texture-small", TINY, steps=5)
    train(small_dataset, tmp_path / "watched", "texture-small", TINY, steps=5, watch=LOOKING)
    files = [
        sorted(p.name for p in checkpoints(tmp_path / run)[-1].glob("*.safetensors"))
        for run in ("alone", "watched")
    ]
    shards = [
        b"".join((checkpoints(tmp_path / run)[-1] / name).read_bytes() for name in files[0])
        for run in ("alone", "watched")
    ]
    assert files[0] == files[1] and shards[0] == shards[1]


def test_a_generator_of_one_picture_stops_the_command_with_code_3(
    small_dataset, tmp_path, capsys, monkeypatch
):
    run = tmp_path / "run"
    monkeypatch.setattr("gan_train.watch.GRACE", 0)
    draw = FAMILIES["texture"].family.draw
    monkeypatch.setattr(
        FAMILIES["texture"].family,
        "draw",
        lambda self, count, seed: np.repeat(draw(self, count, seed)[:1], count, 0),
    )
    command = ["train", str(small_dataset), "--out", str(run), *as_arguments("texture-small", TINY)]
    command += ["--steps", "400", "--watch-steps", "2", "--stop-on-collapse"]
    assert main(command) == 3
    assert "diversity collapse" in capsys.readouterr().err
    assert rows(run, "alarms.jsonl")[-1]["alarm"] == "collapse"
    assert rows(run, "watch.jsonl")[-1]["step"] < 20
    assert load_averaged(run, "best")[2]["step"] < rows(run, "watch.jsonl")[-1]["step"]


def test_an_absurd_learning_rate_is_an_error_at_once(small_dataset, tmp_path):
    settings = {**TINY, "learning_rate": 1e4}
    with pytest.raises(TrainingError, match="not finite"):
        train(small_dataset, tmp_path / "run", "texture-small", settings, steps=99, watch=LOOKING)
    last = rows(tmp_path / "run", "alarms.jsonl")[-1]
    assert last["alarm"] == "not finite" and "is not finite." in last["what"] and "Lower" in last["advice"]


def test_terms_are_looked_at_before_the_run_ends(figures_of, tmp_path, capsys):
    error = NotFiniteError(7, "the loss of phase critic", "Lower it.", {"critic/penalty_real": 1e9})
    for _ in range(2):  # the second start does the same steps again
        watch = make_watch(tmp_path, figures_of)
        watch.end(error, {"critic/penalty_real": 1e9, "critic/adversarial": float("nan")})
        found = rows(tmp_path, "alarms.jsonl")
        assert [(row["step"], row["alarm"]) for row in found] == [(7, "penalty"), (7, "not finite")]
    assert "critic/penalty_real explodes: 1e+09" in capsys.readouterr().err


def test_a_learning_rate_that_explodes_is_an_alarm(datasets, tmp_path, capsys):
    """Finite for hundreds of steps, and still no training. Not `texture`, which draws from its memory in any case."""
    run, (preset, settings) = tmp_path / "run", SMALL["style"]
    watch = functools.partial(RunWatch, pictures=20, grace=0)
    train(datasets["style"], run, preset, {**settings, "learning_rate": 0.3}, steps=60, watch=watch)
    assert {row["alarm"] for row in rows(run, "alarms.jsonl")} & {"penalty", "collapse"}
    assert "alarm at step" in capsys.readouterr().err
