"""`gan-train train --dry-run`: the whole configuration as JSON, and what this machine would choose. Nothing is written.

Before: loop.py, which has put the plan together. After: nothing; the command ends.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

from .errors import DatasetError
from .machine import choose_compile, choose_precision
from .manifest import FILE_NAME, read_manifest


def tell_plan(plan: dict, dataset: Path, takes_photos: bool) -> None:
    """Print `plan` with the dataset and the choices of this machine; DatasetError afterwards where it is not there."""
    fault = None
    if takes_photos and dataset.exists() and not (dataset / FILE_NAME).exists():
        about = "photos, read when the run begins"
    else:
        try:
            manifest = read_manifest(dataset)
            about = {"name": manifest.name, "sha256": manifest.sha256, "images": len(manifest.items)}
        except DatasetError as error:
            about, fault = "not there" if not dataset.exists() else "cannot be used", error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    precision, why_precision = choose_precision(plan["precision"], device)
    compiled, why_compiled = choose_compile(plan["compile"], device)
    here = {
        "device": device.type,
        "precision": f"{precision} ({why_precision})",
        "compile": f"{'on' if compiled else 'off'} ({why_compiled})",
    }
    print(json.dumps({**plan, "dataset": about, "here": here}, indent=1, ensure_ascii=False))
    if fault:
        raise fault
