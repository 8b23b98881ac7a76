"""The lines of an OBJ's materials that name images, taken apart and put together again. Standard library only.

Before: transform_obj.py reads the text. What is not about images is kept letter by letter. Options stand between the
word and the file: `map_Kd -s 4 4 4 -bm 0.3 my wall.png` (Wavefront's description of MTL, version 4.2).
"""

import re
from dataclasses import dataclass

from .obj import MAP_WORDS

ROLES = {word.lower(): name for name, word in MAP_WORDS.items()}
WORDS = {
    *ROLES,
    *("map_bump", "bump", "map_disp", "map_ka", "map_ks", "map_ns", "map_ke", "map_ps", "map_tr"),
    *("refl", "decal", "map_refl"),
}
ARGUMENTS = dict.fromkeys(
    ("-blendu", "-blendv", "-boost", "-cc", "-clamp", "-bm", "-imfchan", "-texres", "-type"), 1
)
ARGUMENTS["-mm"] = 2
UP_TO_THREE = ("-o", "-s", "-t")  # numbers
LINE = re.compile(r"\s*(# map_ao|\S+)\s+(.*\S)\s*")


@dataclass(frozen=True)
class MapLine:
    """`word` as it stood; `options` with their values, as text; `name` of the image, which may hold spaces."""

    word: str
    options: str
    name: str

    @property
    def role(self) -> str | None:
        """The map that it is, None for what has no name here."""
        return ROLES.get(self.word.lower())

    def naming(self, name: str) -> str:
        """The same line for another image."""
        return " ".join(part for part in (self.word, self.options, name) if part)


def map_line(line: str) -> MapLine | None:
    """None where the line names no image."""
    found = LINE.fullmatch(line)
    if found is None or found[1].lower() not in WORDS:
        return None
    rest = found[2]
    words = list(re.finditer(r"\S+", rest))
    at = 0
    while at < len(words) - 1 and (values := values_of(words[at:])) is not None:
        at = min(at + 1 + values, len(words) - 1)  # the last is the image
    start = words[at].start()
    return MapLine(found[1], rest[:start].strip(), rest[start:])


def values_of(words: list) -> int | None:
    """How many values the option at their front has; None where that is none."""
    option = words[0][0].lower()
    if option in ARGUMENTS:
        return ARGUMENTS[option]
    if option not in UP_TO_THREE:
        return None
    return next((i for i, one in enumerate(words[1:4]) if not is_number(one[0])), len(words[1:4]))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def materials_in(lines: list[str]) -> list[list[str]]:
    """What stands before the first material, then each with its lines."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip().lower().startswith("newmtl"):
            blocks.append([])
        blocks[-1].append(line)
    return blocks
