"""Under which names a dataset stores its images: names that every system can store; standard library only.

Called by prepare.py.
"""

import re
import unicodedata
from pathlib import PurePosixPath

from .image_files import Candidate

RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)
}


class StoredNames:
    """File names that every system can store, each given once."""

    def __init__(self):
        self._taken: set[str] = set()

    def stored_name(self, candidate: Candidate) -> str:
        """images/LABEL/NAME from the path below the label folder: brick/Old Wall/basecolor.jpg ->
        images/brick/Old Wall"""
        pure = PurePosixPath(candidate.path).with_suffix("")
        parts = [part.removesuffix(".zip") for part in pure.parts]
        is_material_folder = candidate.material == str(pure.parent) or (
            len(parts) > 2 and bool(candidate.facts.map)
        )
        if is_material_folder:
            parts = parts[:-1]
        label = _safe_name(candidate.label)
        base = f"images/{label}/{_safe_name('-'.join(parts[1:] or parts))}"
        name, number = base, 2
        while name.casefold() in self._taken:
            name, number = f"{base}-{number}", number + 1
        self._taken.add(name.casefold())
        return name


def _safe_name(text: str) -> str:
    """Letters of any language stay; what Windows, macOS or a shell cannot store becomes "_"; at most 100 characters."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", unicodedata.normalize("NFC", text)).strip(" .")
    while len(name.encode()) > 100:
        name = name[:-1].rstrip(" .")
    return f"_{name}" if not name or name.split(".")[0].casefold() in RESERVED_NAMES else name
