"""Inference: the same texture alone, in any order, with any threads; providers and test vectors kept to."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from blender_addon.engine import model as model_module
from blender_addon.engine import providers
from blender_addon.engine.errors import ModelError, ProviderError, RequestError
from blender_addon.engine.latents import draw
from blender_addon.engine.measures import SEAM_LIMIT, tile_seam
from blender_addon.engine.model import Model, Request, generate
from blender_addon.engine.surface_request import SurfaceRequest
from tests.tiny import make_tiny

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "exported_models").glob("*.onnx"))


def same(one, other):
    return all(np.array_equal(one.maps[name], other.maps[name]) for name in one.maps)


def test_what_a_loaded_model_says(tiny, tiny_path):
    assert tiny.sha256 == hashlib.sha256(tiny_path.read_bytes()).hexdigest()
    assert tiny.provider == "cpu" and tiny.check.ok and tiny.check.tolerance == 1e-4 and tiny.note == ""


def test_maps(tiny):
    texture = tiny.render(7, "moss", 96)
    assert texture.seed == 7 and texture.label == "moss"
    assert list(texture.maps) == list(tiny.card.map_names)
    for name, values in texture.maps.items():
        assert (
            values.shape[:2] == (96, 96) and values.min() >= 0 and values.max() <= 1 and values.std() > 0.01
        ), name


def test_seed_label_and_scalar_change_the_texture(tiny):
    texture = tiny.render(7, "moss", 64)
    assert same(texture, tiny.render(7, "moss", 64))
    for other in (
        tiny.render(8, "moss", 64),
        tiny.render(7, "sand", 64),
        tiny.render(7, "moss", 64, {"psi": 0.1}),
    ):
        assert not same(texture, other)


def test_rolling_the_field_rolls_the_output(tiny):
    """What tiling rests on, to the last bits of the arithmetic."""
    feeds = draw(tiny.card, 3, size=96)
    raw = tiny.run_raw(feeds)
    feeds["field"] = np.roll(feeds["field"], (1, 2), (2, 3))
    assert np.abs(np.roll(raw, (16, 32), (2, 3)) - tiny.run_raw(feeds)).max() < 1e-5


@pytest.mark.parametrize("path", [None, *SHIPPED], ids=lambda p: p.stem if p else "tiny")
def test_same_bits_in_any_order_thread_count_and_company(path, tiny_path):
    path = path or tiny_path
    one, two = Model.load(path, "cpu", threads=1), Model.load(path, "cpu", threads=2)
    assert one.check.ok and two.check.ok
    seeds = (5, 2**64 - 1, 17)
    for size in {one.card.fixed_size or one.card.stride * 5, one.card.default_size}:
        forward = generate(one, Request(str(path), seeds, (None,) * 3, size))
        backward = generate(two, Request(str(path), seeds[::-1], (None,) * 3, size))
        for texture, again in zip(forward, backward[::-1], strict=True):
            assert texture.seed == again.seed and texture.label == again.label and same(texture, again)
        assert same(forward[1], one.render(seeds[1], size=size))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_shipped_models_tile(path):
    model = Model.load(path, "cpu")
    if model.card.tileable:
        seams = [tile_seam(next(iter(model.render(seed).maps.values()))) for seed in range(6)]
        assert sorted(seams)[3] <= SEAM_LIMIT, seams


def test_generate_reports_and_can_be_cancelled(tiny):
    request = SurfaceRequest("tiny", seed=7, size=32).to_request(tiny.card)
    calls = []
    assert len(generate(tiny, request, lambda *a: calls.append(a))) == 6
    assert calls == [(i, 6) for i in range(7)]

    class Stop(Exception):
        pass

    def stop(done, count):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        generate(tiny, request, stop)


def test_size_is_checked_before_any_work(tiny):
    with pytest.raises(RequestError, match="96 or 112"):
        generate(tiny, Request("tiny", (1,), (None,), 100), lambda *a: pytest.fail("started"))


def test_no_memory_is_a_sentence(tiny, monkeypatch):
    class Full:
        def run(self, *_):
            raise RuntimeError("Failed to allocate memory for requested buffer of size 9999")

    monkeypatch.setattr(tiny, "session", Full())
    with pytest.raises(RequestError, match="px or less"):
        tiny.render(1, size=64)


def test_a_changed_weight_fails_the_test_vector(tmp_path):
    path = make_tiny(tmp_path / "m.onnx", tampered=True)
    with pytest.raises(ModelError, match="test vector"):
        Model.load(path, "cpu")
    check = Model.load(path, "cpu", verify=False).check_test_vector()
    assert not check.ok and check.max_error > check.tolerance


def test_unknown_provider(tiny_path):
    with pytest.raises(ProviderError, match="auto, cpu"):
        Model.load(tiny_path, "quantum")


@pytest.mark.parametrize("provider", ["cuda", "webgpu", "coreml"])
def test_a_provider_that_is_not_here_is_an_error(tiny_path, provider):
    if provider in providers.available():
        pytest.skip(f"{provider} is here")
    with pytest.raises(ProviderError, match=f"{provider}.*Available here: auto, cpu"):
        Model.load(tiny_path, provider)


def test_a_silent_fall_back_is_noticed(tiny_path, monkeypatch):
    """A provider that says it is there and then runs on the processor."""
    monkeypatch.setattr(providers, "available", lambda: ["cpu", "cuda"])
    if providers.cuda_devices():
        pytest.skip("cuda is here")
    with pytest.raises(ProviderError, match="cuda"):
        Model.load(tiny_path, "cuda")
    assert Model.load(tiny_path, "auto").provider == "cpu"


@pytest.mark.parametrize("failure", ["wrong numbers", "an error"])
def test_auto_leaves_a_gpu_that_fails(tiny_path, monkeypatch, failure):
    """A fake GPU (the processor under its name) whose test vector fails: auto goes to cpu and says so."""
    real_open, real_check = model_module.open_session, Model.check_test_vector

    def fake_open(path, provider, threads, *part):
        session, _ = real_open(path, "cpu", threads, *part)
        return session, "cuda" if provider in ("auto", "cuda") else provider

    def fake_check(self):
        if self.provider == "cuda" and failure == "an error":
            raise ModelError("cuDNN is missing")
        good = real_check(self)
        return model_module.CheckResult(1.0, good.tolerance) if self.provider == "cuda" else good

    monkeypatch.setattr(model_module, "open_session", fake_open)
    monkeypatch.setattr(Model, "check_test_vector", fake_check)
    model = Model.load(tiny_path, "auto")
    assert model.provider == "cpu" and model.check.ok
    assert "cuda" in model.note and "running on cpu instead" in model.note
    with pytest.raises(ModelError, match=r"on cuda|cuDNN"):
        Model.load(tiny_path, "cuda")


def test_gpu_tolerance_is_used_on_a_gpu(tiny, monkeypatch):
    monkeypatch.setattr(tiny, "provider", "cuda")
    assert tiny.check_test_vector().tolerance == tiny.card.test_vector.gpu_tolerance


@pytest.mark.parametrize("provider", ["auto", "cuda"])
def test_nothing_is_printed(tiny_path, provider):
    """onnxruntime-gpu on a machine without CUDA likes to complain on both streams."""
    code = (
        "from blender_addon.engine.model import Model\n"
        "from blender_addon.engine.errors import ProviderError\n"
        f"try: Model.load({str(tiny_path)!r}, {provider!r}).render(1, size=32)\n"
        "except ProviderError: pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_onnxruntime_is_a_sentence(tiny_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ProviderError, match="Install it"):
        Model.load(tiny_path)
