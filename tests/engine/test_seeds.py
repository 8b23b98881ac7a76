"""Seeds are part of every recipe: golden values that may never change."""

import hashlib

import pytest

from blender_addon.engine.errors import RequestError
from blender_addon.engine.seeds import choose, derive, parse_seed, splitmix64


def test_splitmix64_is_the_published_one():
    # First outputs of the reference implementation (java.util.SplittableRandom, Vigna's splitmix64.c) from these seeds.
    assert splitmix64(0) == 0xE220A8397B1DCDAF
    assert splitmix64(1234567) == 6457827717110365317


def test_derive_golden():
    faces = [derive(7, i) for i in range(6)]
    assert faces == [
        7961484851388644818,
        15382188663614947347,
        16669650651515798969,
        11420576528476221916,
        2618051776073482287,
        14669286798143918933,
    ]


def test_derive_is_the_documented_formula():
    golden = 0x9E3779B97F4A7C15
    assert derive(7, 2) == splitmix64(splitmix64(7) ^ (3 * golden % 2**64))
    assert derive(-1, 0) == derive(2**64 - 1, 0)
    assert derive(2**64 + 7, 0) == derive(7, 0)


def test_faces_of_many_cubes_never_meet():
    seen = {derive(n, i) for n in range(2000) for i in range(6)}
    assert len(seen) == 12000


def test_choose_golden_and_even():
    assert [choose(seed, 10) for seed in range(8)] == [9, 8, 9, 2, 9, 2, 9, 8]
    counts = [0] * 7
    for seed in range(7000):
        counts[choose(seed, 7)] += 1
    assert min(counts) > 850 and max(counts) < 1150
    assert choose(123, 1) == 0


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("7", 7),
        (7, 7),
        (" 7 ", 7),
        ("+7", 7),
        ("-1", 2**64 - 1),
        ("18446744073709551615", 2**64 - 1),
        ("brick", 0xC762830741C126F1),
        ("7.5", None),
        ("B\u00e4ckerei", None),
    ],
)
def test_parse_seed(text, seed):
    expected = (
        int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:8], "big") if seed is None else seed
    )
    assert parse_seed(text) == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "99999999999999999999", "1" * 5000, 2**64, -(2**63) - 1, True, 1.5, None]
)
def test_parse_seed_refuses(text):
    with pytest.raises(RequestError):
        parse_seed(text)
