"""What a run is trained on: torch, device, precision, and whether networks are compiled. Torch only; no files.

Before: loop.py asks at each start. After: state.json keeps the list of machines that a run has seen, the card says it.
"""

from __future__ import annotations

import contextlib

import torch

PRECISIONS = ("auto", "float32", "bfloat16")
COMPILE = ("auto", "on", "off")


def choose_precision(asked: str, device: torch.device) -> tuple[str, str]:
    """-> precision, why. For `auto` bfloat16 where it is multiplied in hardware (about twice as fast on a CPU).

    Asked of the processor, not measured: a timing on a busy machine would make the same command train in
    different precisions, and so to different weights, from one time to the next.
    """
    if asked != "auto":
        return asked, "asked for"
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16", "the graphics card has it in hardware"
        return "float32", "the graphics card has no bfloat16"
    for name, unit in (("_is_amx_tile_supported", "AMX"), ("_is_avx512_bf16_supported", "avx512_bf16")):
        ask = getattr(torch.cpu, name, None)
        if ask and ask():
            return "bfloat16", f"the processor has {unit}"
    return "float32", "the processor has neither avx512_bf16 nor AMX"


def choose_compile(asked: str, device: torch.device) -> tuple[bool, str]:
    """-> whether torch.compile is used, why. For `auto` only on CUDA: on a CPU it costs a minute at each start."""
    if asked != "auto":
        return asked == "on", "asked for"
    return device.type == "cuda", f"the device is {device.type}"


def autocast(device: torch.device, precision: str):
    """The context in which forward passes run."""
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()


def describe_machine(device: torch.device, precision: str, compiled: bool) -> dict:
    """One entry of the history but for its step."""
    name = f"cuda {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type
    return {"torch": torch.__version__, "device": name, "precision": precision, "compiled": compiled}


def history_of(about: dict) -> list[dict]:
    """The machines that a checkpoint has seen, oldest first, each with the step from which it was used."""
    if "history" in about:
        return about["history"]
    return [{"step": 0, **{k: about[k] for k in ("torch", "device", "precision")}, "compiled": False}]


def extend_history(history: list[dict], machine: dict, step: int) -> tuple[list[dict], str | None]:
    """-> history up to `step` with this machine, and what has changed, as a sentence."""
    history = [entry for entry in history if entry["step"] < step]
    entry = {"step": step, **machine}
    if not history:
        return [entry], None
    before = history[-1]
    changes = [f"{k} {before[k]} -> {machine[k]}" for k in machine if before[k] != machine[k]]
    if not changes:
        return history, None
    return [*history, entry], f"goes on at step {step} with another machine: {', '.join(changes)}"


def told(history: list[dict]) -> dict[str, str]:
    """For the card: {"torch": "2.13.0, 2.11.0 from step 1200", "device": ..., "precision": ...}."""
    versions = {}
    for key in ("torch", "device", "precision"):
        said, last = [], None
        for entry in history:
            if entry[key] != last:
                said.append(f"{entry[key]} from step {entry['step']}" if said else str(entry[key]))
                last = entry[key]
        versions[key] = ", ".join(said)
    return versions
