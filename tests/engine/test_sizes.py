"""Sizes: what is refused, and that the sentence names a size that works."""

import dataclasses
from types import SimpleNamespace

import pytest

from blender_addon.engine import sizes
from blender_addon.engine.errors import RequestError
from blender_addon.engine.sizes import check_size, largest_size
from tests.tiny import tiny_card

CARD = tiny_card(("base_color",), (), 16, "tiny")


def test_good_sizes():
    assert check_size(CARD, None) == 256
    assert [check_size(CARD, s) for s in (16, 48, 512)] == [16, 48, 512]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "larger than zero"),
        (-16, "larger than zero"),
        (100, "Use 96 or 112"),
        (5, "Use 16"),
        (8208, "larger than 8192"),
        (10**30, "larger than 8192"),
        (256.0, "whole number"),
        ("256", "whole number"),
        (True, "whole number"),
    ],
)
def test_bad_sizes(size, words):
    with pytest.raises(RequestError, match=words):
        check_size(CARD, size)


def test_fixed_size():
    fixed = dataclasses.replace(CARD, output=dataclasses.replace(CARD.output, shape=("N", 3, 64, 64)))
    assert fixed.default_size == check_size(fixed, None) == check_size(fixed, 64) == 64
    with pytest.raises(RequestError, match="64 px only"):
        check_size(fixed, 128)


def test_beyond_memory_names_the_largest(monkeypatch):
    monkeypatch.setattr(sizes, "free_memory", lambda: 10**9)
    largest = largest_size(CARD)
    assert largest % 16 == 0 and check_size(CARD, largest) == largest
    with pytest.raises(RequestError, match=f"Use {largest} or less"):
        check_size(CARD, largest + 16)


def test_an_enlarger_is_reckoned_by_what_goes_in():
    """x4 took 3,600 bytes per pixel of that, measured; by its output it would be refused where it fits."""
    enlarger = SimpleNamespace(scale=4, channels=3)
    assert 3600 < sizes.memory_needed(enlarger, 100) / 100**2 < 2 * 3600


def test_what_cannot_even_start_says_so(monkeypatch):
    sizes.check_start(CARD)
    monkeypatch.setattr(sizes, "free_memory", lambda: 10**7)
    with pytest.raises(RequestError, match=f"{CARD.name}: needs about 0.1 GiB of memory to start"):
        sizes.check_start(CARD)


def test_free_memory_is_of_this_world():
    assert 2**26 < sizes.free_memory() < 2**50
