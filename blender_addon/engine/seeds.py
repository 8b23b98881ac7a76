"""Seeds: every random choice starts here. Standard library only; never bpy.

A *texture seed* is a uint64 and is a texture. Face i of cube seed N has the texture seed derive(N, i). The next
station is latents.draw, which turns a texture seed into numbers. These formulas are part of every recipe: they
may never change (golden values in tests/engine/test_seeds.py).
"""

import hashlib
import re

from .errors import RequestError

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, the step of SplitMix64
LABEL_SALT = 0x67616E6375626521  # "gancube!": keeps the choice of a label apart from the seeds of faces


def splitmix64(x: int) -> int:
    """First output of SplitMix64 (Steele, Lea, Flood 2014) started at `x`: uint64 -> uint64, a bijection."""
    z = (x + GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def derive(n: int, i: int) -> int:
    """Texture seed (uint64) of face `i` (0..5 for +X -X +Y -Y +Z -Z) of cube seed `n` (taken modulo 2^64)."""
    return splitmix64(splitmix64(n & MASK) ^ (((i + 1) * GOLDEN) & MASK))


def choose(seed: int, count: int) -> int:
    """A seeded choice among `count` things: an index in 0..count-1, independent of what else the seed draws."""
    assert count > 0
    return (splitmix64((seed & MASK) ^ LABEL_SALT) * count) >> 64


def parse_seed(text) -> int:
    """A seed as a person writes it -> uint64.

    Whole numbers from -2^63 to 2^64-1 are taken modulo 2^64; any other text is the first 8 bytes (big-endian)
    of the SHA-256 of its UTF-8 form.
    """
    if isinstance(text, bool) or not isinstance(text, (int, str)):
        raise RequestError(f"seed {text!r}: is neither a whole number nor a text.")
    if isinstance(text, str):
        text = text.strip()
        if not text:
            raise RequestError("the seed is empty. Give a whole number, or any word.")
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", text):
            if re.fullmatch(r"[+-]?[0-9]+", text):
                raise RequestError(f"seed {text[:40]}: is too large. Whole numbers go up to {MASK}.")
            return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    number = int(text)
    if not -(2**63) <= number <= MASK:
        raise RequestError(f"seed {number}: is out of range. Whole numbers go from {-(2**63)} to {MASK}.")
    return number & MASK
