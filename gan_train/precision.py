"""In which precision a machine trains; torch only. Before: loop.py asks once a run and keeps the answer in run.json."""

from __future__ import annotations

import contextlib

import torch


def precision_of(device: torch.device) -> str:
    """bfloat16 where the processor multiplies it in hardware (about twice as fast there), else float32.

    Asked of the processor, not measured: a timing on a busy machine would make the same command train in
    different precisions, and so to different weights, from one time to the next.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    asked = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return "bfloat16" if any(ask() for ask in asked if ask) else "float32"


def autocast(device: torch.device, precision: str):
    """The context in which forward passes run."""
    if precision == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
