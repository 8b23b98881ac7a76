"""Which providers can run here, with the reason where they cannot."""

import sys
import types

import onnxruntime
import pytest

from blender_addon.engine import plugins, providers
from blender_addon.engine.errors import ProviderError
from blender_addon.engine.model import Model
from tests.tiny import make_tiny


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(plugins, "_registered", {})


def test_the_processor_always_runs_and_every_other_has_a_reason_or_runs():
    found = providers.reasons()
    assert set(found) == set(providers.PROVIDERS) and found["cpu"] == ""
    assert all(reason == "" or (len(reason) > 20 and not reason.endswith(".")) for reason in found.values())
    assert providers.available() == [name for name, reason in found.items() if not reason]


def test_webgpu_without_its_plugin_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_webgpu", None)
    assert "onnxruntime-ep-webgpu is not installed" in providers.reasons()["webgpu"]
    path = make_tiny(tmp_path / "tiny.onnx")
    with pytest.raises(ProviderError, match="onnxruntime-ep-webgpu is not installed"):
        Model.load(path, provider="webgpu")


def test_a_plugin_that_does_not_load_is_a_sentence(tmp_path, monkeypatch):
    module = types.ModuleType("onnxruntime_ep_webgpu")
    module.get_library_path = lambda: str(tmp_path / "libnone.so")
    module.get_ep_names = lambda: ["WebGpuExecutionProvider"]
    monkeypatch.setitem(sys.modules, "onnxruntime_ep_webgpu", module)
    assert plugins.why_not(onnxruntime, "webgpu").startswith("onnxruntime-ep-webgpu does not load")


def test_an_old_onnxruntime_has_no_plugins():
    old = types.SimpleNamespace(__version__="1.20.0")
    assert "too old" in plugins.why_not(old, "webgpu")
