"""Which sizes a model can make: multiples of its stride that fit the memory. Standard library only; never bpy."""

import os
from pathlib import Path

from .errors import RequestError

MAX_SIZE = 8192  # pixels of a side, the largest image Blender handles with ease
# Peak memory of a run per pixel of the output: its layers at full size. Measured 400 and 540 bytes from 256 to 1024 px
# with the shipped generators, up to 760 with 48 channels there, with room for wider ones. An enlarger has most of its
# layers at the size of what goes in: x4 takes 3,600 bytes per pixel of that, of the 6,300 that are reckoned.
BYTES_PER_PIXEL = 1200
BYTES_PER_VALUE = 32  # of the output itself: raw, decoded, rounded, packed
# Peak memory of baking the four maps of a shape, per pixel of each: 196 bytes at 512 px, 205 at 1024, with room.
BAKED_BYTES_PER_PIXEL, BAKE_STEP = 250, 64  # the latter: pixels, of the sizes that are advised
SHARE = 0.8  # of the free memory that one run may take


def check_size(card, size: int | None) -> int:
    """The size in pixels to render at (`None` is the card's default), or a RequestError that names sizes that work."""
    if size is None:
        size = card.default_size
    if isinstance(size, bool) or not isinstance(size, int):
        raise RequestError(f"size {size!r}: must be a whole number of pixels.")
    if card.fixed_size:
        if size != card.fixed_size:
            raise RequestError(
                f"size {size}: {card.name} makes {card.fixed_size} px only. Use {card.fixed_size}."
            )
        return size
    stride = card.stride
    largest = largest_size(card)
    if size <= 0:
        raise RequestError(
            f"size {size}: must be larger than zero. Use {card.default_size}, or another multiple of {stride}."
        )
    if size > MAX_SIZE:
        raise RequestError(f"size {size}: is larger than {MAX_SIZE} px. Use {largest} or less.")
    if size % stride:
        below, above = size // stride * stride, (size // stride + 1) * stride
        near = f"{below} or {above}" if below else f"{above}"
        raise RequestError(f"size {size}: {card.name} makes multiples of {stride} px. Use {near}.")
    if size > largest:
        need, have = memory_needed(card, size) / 2**30, free_memory() / 2**30
        raise RequestError(
            f"size {size}: would need about {need:.1f} GiB of memory and {have:.1f} are free. Use {largest} or less."
        )
    return size


def check_start(card) -> None:
    """RequestError where there is not even the memory for the card's own test, of the default size."""
    need, free = memory_needed(card, card.default_size), free_memory()
    if need > free * SHARE:
        raise RequestError(
            f"{card.name}: needs about {need / 2**30:.1f} GiB of memory to start and {free / 2**30:.1f} are free. "
            "Close other programs."
        )


def check_bake_size(size: int) -> int:
    """The same size in pixels, or a RequestError with the largest that fits the memory while a mesh is baked."""
    free = free_memory()
    largest = int((free * SHARE / BAKED_BYTES_PER_PIXEL) ** 0.5) // BAKE_STEP * BAKE_STEP
    if size > largest:
        need = size * size * BAKED_BYTES_PER_PIXEL
        use = f"Use {largest} or less" if largest else "Close other programs"
        raise RequestError(
            f"size {size}: baking would need about {need / 2**30:.1f} GiB of memory and {free / 2**30:.1f} are free. "
            f"{use}."
        )
    return size


def memory_needed(card, size: int) -> int:
    """Estimated peak bytes of one run at `size` pixels."""
    return size * size * _per_pixel(card)


def largest_size(card) -> int:
    """The largest size that the free memory allows, in pixels: at least one stride, at most MAX_SIZE."""
    side = int((free_memory() * SHARE / _per_pixel(card)) ** 0.5)
    return max(min(side, MAX_SIZE) // card.stride, 1) * card.stride


def _per_pixel(card) -> int:
    """Per pixel of the size asked for, which an enlarger multiplies."""
    return BYTES_PER_PIXEL * card.scale + BYTES_PER_VALUE * card.channels * card.scale**2


def free_memory() -> int:
    """Bytes of memory that can be had without swapping; where the system does not say, 8 GiB."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError, AttributeError):
        return 8 * 2**30
