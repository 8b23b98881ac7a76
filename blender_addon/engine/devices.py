"""What a provider runs on, by the name on its box. Standard library; onnxruntime for plugins only; never bpy."""

import ctypes
import platform
import sys
from pathlib import Path

from . import plugins
from .providers import runtime


def device_name(provider: str) -> str:
    """The processor's or graphics card's name, "" where the system does not say."""
    if provider == "cuda":
        return _cuda()
    if provider in plugins.MODULES:
        found = plugins.devices(runtime(), provider)
        return " ".join(found[0].device.metadata.get("Description", "").split()) if found else ""
    return _processor()


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _cuda() -> str:
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        name = ctypes.create_string_buffer(256)
        ok = driver.cuInit(0) == 0 and driver.cuDeviceGetName(name, len(name), 0) == 0
    except (OSError, AttributeError):
        return ""
    return name.value.decode("utf-8", "replace") if ok else ""
