"""Execution providers that come as wheels of their own beside onnxruntime: WebGPU. onnxruntime only; never bpy.

Under providers.py. Registering starts no GPU work; without a driver the plugin loads and offers no device.
"""

import importlib

MODULES = {"webgpu": "onnxruntime_ep_webgpu"}  # our name -> the wheel's module
_registered: dict[str, str] = {}  # our name -> "" or why it cannot be used


def why_not(onnxruntime, name: str) -> str:
    """ "" where the plugin is there, loads and offers a device; else the reason as a sentence without its full stop."""
    if name not in _registered:
        _registered[name] = _register(onnxruntime, name)
    if _registered[name]:
        return _registered[name]
    return (
        "" if devices(onnxruntime, name) else "the plugin is there, but the system offers it no graphics card"
    )


def _register(onnxruntime, name: str) -> str:
    package = MODULES[name].replace("_", "-")
    if not hasattr(onnxruntime, "register_execution_provider_library"):
        return f"onnxruntime {onnxruntime.__version__} is too old for plugins. Install 1.24.4 or newer"
    try:
        plugin = importlib.import_module(MODULES[name])
        onnxruntime.register_execution_provider_library(f"gancube_{name}", plugin.get_library_path())
    except ImportError:
        return f"the package {package} is not installed in the Python that generates"
    except (AttributeError, OSError, RuntimeError, ValueError, *_own_errors(onnxruntime)) as error:
        return f"{package} does not load: {' '.join(str(error).split())[:200]}"
    return ""


def _own_errors(onnxruntime) -> tuple:
    state = vars(onnxruntime.capi.onnxruntime_pybind11_state)
    return tuple(v for v in state.values() if isinstance(v, type) and issubclass(v, Exception))


def devices(onnxruntime, name: str) -> list:
    """The devices that a registered plugin runs on, the processor aside."""
    module = importlib.import_module(MODULES[name])
    return [
        one
        for one in onnxruntime.get_ep_devices()
        if one.ep_name in module.get_ep_names() and not str(one.device.type).endswith("CPU")
    ]
