"""Where inference runs: processor or GPU, never silently another than asked for. onnxruntime only; never bpy.

onnxruntime is imported on first use, so that commands which run no model start fast and work without it.
"""

import contextlib
import ctypes
import io
import sys
from pathlib import Path

from . import plugins
from .errors import ModelError, ProviderError

# Our name -> onnxruntime's name and options. Options are chosen for the same result twice, not for the last percent.
PROVIDERS = {
    "cpu": ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}),
    "webgpu": ("WebGpuExecutionProvider", {}),
    "coreml": ("CoreMLExecutionProvider", {}),
}
CHOICES = ("auto", *PROVIDERS)
MISSING = {  # why an onnxruntime lacks a provider
    "cpu": "this onnxruntime was built without it",
    "cuda": "the onnxruntime of this Python has no CUDA. Set Python for Generation to one with onnxruntime-gpu",
    "coreml": "it is in the onnxruntime of macOS only",
}


def runtime():
    """The onnxruntime module, quiet; ProviderError where it is not installed or does not load."""
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        raise ProviderError(
            f"onnxruntime cannot be loaded ({str(error)[:300]}). Install it: pip install onnxruntime."
        ) from error
    onnxruntime.set_default_logger_severity(4)  # what matters comes back as an exception
    return onnxruntime


def runtime_errors() -> tuple:
    """The exceptions onnxruntime raises: its own classes have no common base but Exception."""
    state = runtime().capi.onnxruntime_pybind11_state
    own = [v for v in vars(state).values() if isinstance(v, type) and issubclass(v, Exception)]
    return (*own, RuntimeError, ValueError, TypeError, MemoryError)


def available() -> list[str]:
    """The names of the providers that can be tried here, without starting any."""
    return [name for name, reason in reasons().items() if not reason]


def reasons() -> dict[str, str]:
    """{name: ""} for what can be tried in this Python, else why it cannot, without a full stop."""
    onnxruntime = runtime()
    compiled = onnxruntime.get_available_providers()
    found = {}
    for name, (long, _) in PROVIDERS.items():
        if name == "cuda" and long in compiled and not cuda_devices():
            found[name] = "no NVIDIA driver answers on this machine"
        elif long in compiled:
            found[name] = ""
        elif name in plugins.MODULES:
            found[name] = plugins.why_not(onnxruntime, name)
        else:
            found[name] = MISSING[name]
    return found


def cuda_devices() -> int:
    """The number of NVIDIA GPUs that the driver offers; 0 without a driver. Starts nothing and prints nothing."""
    if sys.platform == "darwin":
        return 0
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int()
        return (
            count.value if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 else 0
        )
    except (OSError, AttributeError):
        return 0


def open_session(path: Path, provider: str, threads: int | None, part: bytes | None = None):
    """(session, effective provider's name). `auto` is cuda where it really starts, else cpu; others must start.

    `part`: of the model at `path`, to be run in its place (onnx_part.py)."""
    if provider not in CHOICES:
        raise ProviderError(f"provider {provider!r}: is not one of {', '.join(CHOICES)}.")
    if provider == "auto":
        if "cuda" in available():
            session = _session(path, "cuda", threads, part)
            if session is not None:
                return session, "cuda"
        return _session(path, "cpu", threads, part), "cpu"
    session = _session(path, provider, threads, part) if provider in available() else None
    if session is None:
        why = f" ({reasons()[provider]})" if reasons()[provider] else ""
        raise ProviderError(
            f"provider {provider}: does not start on this machine{why}. Available here: auto, {', '.join(available())}."
        )
    return session, provider


def check_provider(path: Path, provider: str) -> None:
    """ProviderError where one that was asked for by name does not start with this model."""
    if provider not in ("auto", "cpu"):
        open_session(path, provider, 1)


def _session(path: Path, provider: str, threads: int | None, part: bytes | None = None):
    """An InferenceSession on that provider (cpu for single operators it lacks), or None where it falls back."""
    onnxruntime = runtime()
    name, options = PROVIDERS[provider]
    if provider == "cuda" and hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()  # the CUDA libraries that pip installed
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.use_deterministic_compute = True
    settings.intra_op_num_threads = threads or 0  # 0: one per core
    compiled = name in onnxruntime.get_available_providers()
    if not compiled and provider in plugins.MODULES:
        settings.add_provider_for_devices(plugins.devices(onnxruntime, provider)[:1], options)
        wanted = None  # the options name it; the processor takes what it lacks
    elif provider == "cpu":
        wanted = [(name, options)]
    else:
        wanted = [(name, options), ("CPUExecutionProvider", {})]
    try:
        # Without enable_fallback=0 its Python layer prints, and reruns on the processor what failed on a GPU.
        session = onnxruntime.InferenceSession(
            str(path) if part is None else part, settings, providers=wanted, enable_fallback=0
        )
    except runtime_errors() as error:
        if provider == "cpu":
            raise ModelError(
                f"{path}: onnxruntime cannot load it ({' '.join(str(error).split())[:300]})."
            ) from error
        return None
    return session if session.get_providers()[0] == name else None
