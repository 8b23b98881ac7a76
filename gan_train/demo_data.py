"""`gan-train demo-data`: a small labelled set of pictures, computed; numpy and Pillow only, no download.

For the README's tour and the tests: it looks computer-made, and what is trained on it will too. The textures are
periodic by construction: noise is filtered white noise (the Fourier transform wraps), and lattices divide the size.
The other kinds have files of their own (demo_planets.py).
Next station: prepare.py, which reads the manifest.csv written here.
"""

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from .demo_planets import PLANETS
from .errors import DatasetError

LICENCE = "CC0-1.0"
AUTHOR = "computed by gan-train demo-data"
COLUMNS = ("path", "class", "material_id", "map", "author", "source", "licence", "tileable")

Pattern = Callable[
    [int, np.random.Generator], np.ndarray
]  # (size, rng) -> [size, size, 3 or 4] float in about [0, 1], sRGB


def write_demo_data(
    out: Path, count: int = 8, size: int = 192, seed: int = 0, kind: str = "textures"
) -> list[Path]:
    """Write OUT/LABEL/LABEL-NN.png, `count` of each label of `kind`, and OUT/manifest.csv; returns their paths."""
    if not 1 <= count <= 1000:
        raise DatasetError(f"--count {count}: must be between 1 and 1000 pictures per label.")
    if size % 32 or not 64 <= size <= 1024:
        raise DatasetError(f"--size {size}: must be a multiple of 32 between 64 and 1024 pixels.")
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out}: exists and is not empty; choose another folder.")
    rows, paths = [], []
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            for index, (label, pattern) in enumerate(KINDS[kind].items()):
                (temporary / label).mkdir()
                for number in range(count):
                    rng = np.random.default_rng([seed, index, number])
                    name = f"{label}/{label}-{number:03d}.png"
                    image = pattern(size, rng)
                    if kind == "textures":  # no joint always at the border
                        image = np.roll(image, rng.integers(0, size, 2), (0, 1))
                    Image.fromarray(_to_uint8(image)).save(temporary / name)
                    rows.append(
                        (
                            name,
                            label,
                            f"demo:{seed}:{label}-{number:03d}",
                            "basecolor",
                            AUTHOR,
                            "",
                            LICENCE,
                            "yes" if kind == "textures" else "no",
                        )
                    )
                    paths.append(out / name)
            text = io.StringIO(newline="")
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
            (temporary / "manifest.csv").write_text(text.getvalue(), encoding="utf-8")
            temporary.chmod(0o755)  # mkdtemp makes it private
            if out.is_dir():
                out.rmdir()
            os.replace(temporary, out)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error}).") from error
    return paths


def bricks(size: int, rng: np.random.Generator) -> np.ndarray:
    """Running bond with tinted bricks and pale mortar."""
    rows = int(rng.choice([4, 8]))
    columns = rows // 2
    x, y = _warped(size, rng, 0.004)
    row = np.floor(y * rows).astype(int) % rows
    along = x * columns + 0.5 * (row % 2)
    brick = np.floor(along).astype(int) % columns
    edge = np.minimum(_edge(along) * 2, _edge(y * rows))  # in units of a row's height
    tone = rng.normal(0, 0.1, (rows, columns))[row, brick] + 0.06 * _noise(size, rng, 1.2)
    clay = _color(
        rng, [(0.62, 0.28, 0.2), (0.7, 0.42, 0.26), (0.45, 0.26, 0.22), (0.72, 0.6, 0.47), (0.36, 0.34, 0.36)]
    )
    mortar = _color(rng, [(0.8, 0.77, 0.72), (0.66, 0.64, 0.6), (0.5, 0.48, 0.46)])
    return _mix(
        _tinted(mortar, 0.04 * _noise(size, rng, 0.6)),
        _tinted(clay, tone),
        _step(edge, rng.uniform(0.05, 0.1), 0.05),
    )


def checkers(size: int, rng: np.random.Generator) -> np.ndarray:
    """Two-coloured polished tiles with veins and thin joints."""
    cells = int(rng.choice([2, 4, 8]))
    x, y = _grid(size)
    odd = (np.floor(x * cells) + np.floor(y * cells)) % 2
    veins = 0.12 * _step(0.25 - np.abs(_noise(size, rng, 2.2)), 0, 0.2) * np.where(odd, 1, -1)
    dark = _color(rng, [(0.14, 0.15, 0.18), (0.2, 0.3, 0.34), (0.35, 0.16, 0.14), (0.16, 0.24, 0.2)])
    pale = _color(rng, [(0.88, 0.86, 0.8), (0.8, 0.8, 0.82), (0.85, 0.75, 0.6)])
    tiles = _tinted(_mix(_flat(dark), _flat(pale), odd), veins + 0.03 * _noise(size, rng, 1.5))
    edge = np.minimum(_edge(x * cells), _edge(y * cells)) / cells
    return _mix(_tinted((0.35, 0.33, 0.31), 0.02 * _noise(size, rng, 0.5)), tiles, _step(edge, 0.004, 0.006))


def planks(size: int, rng: np.random.Generator) -> np.ndarray:
    """Boards side by side with grain along them, each of its own tone; upright or lying."""
    boards = int(rng.choice([4, 5, 6, 8]))
    x, _ = _warped(size, rng, 0.003)
    board = np.floor(x * boards).astype(int) % boards
    grain = _noise(size, rng, 1.1, stretch=12)
    grain = np.take_along_axis(
        grain, (np.arange(size)[:, None] + 37 * board) % size, axis=0
    )  # each its own piece
    tone = rng.normal(0, 0.08, boards)[board] + 0.12 * grain
    wood = _color(
        rng,
        [(0.55, 0.38, 0.22), (0.7, 0.55, 0.36), (0.36, 0.24, 0.16), (0.5, 0.46, 0.42), (0.62, 0.36, 0.22)],
    )
    image = _mix(
        _flat((0.1, 0.07, 0.05)), _tinted(wood, tone), _step(_edge(x * boards) / boards, 0.004, 0.008)
    )
    return image if rng.random() < 0.5 else image.transpose(1, 0, 2)


def cobbles(size: int, rng: np.random.Generator) -> np.ndarray:
    """Rounded stones in dark earth: cells around scattered points, on a torus."""
    side = int(rng.choice([4, 5, 6]))
    points = (
        np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
        + rng.uniform(0.1, 0.9, (side**2, 2))
    ) / side
    x, y = _warped(size, rng, 0.01)
    offset = np.stack([x, y], -1)[..., None, :] - points  # [H, W, P, 2]
    distance = np.linalg.norm(offset - np.round(offset), axis=-1)
    order = np.argsort(distance, axis=-1)
    near, second = np.moveaxis(np.take_along_axis(distance, order[..., :2], -1), -1, 0) * side
    tone = rng.normal(0, 0.09, side**2)[order[..., 0]] + 0.1 * _noise(size, rng, 1.3) - 0.25 * near**2
    stone = _color(rng, [(0.55, 0.53, 0.5), (0.48, 0.5, 0.54), (0.6, 0.52, 0.42), (0.42, 0.4, 0.38)])
    earth = _color(rng, [(0.2, 0.17, 0.13), (0.16, 0.18, 0.13), (0.14, 0.13, 0.13)])
    return _mix(
        _tinted(earth, 0.05 * _noise(size, rng, 0.5)), _tinted(stone, tone), _step(second - near, 0.1, 0.12)
    )


def weave(size: int, rng: np.random.Generator) -> np.ndarray:
    """Cloth: two sets of threads, over and under by turns."""
    threads = int(rng.choice([8, 16]))
    x, y = _grid(size)
    over = (np.floor(x * threads) + np.floor(y * threads)) % 2
    warp = np.sin(np.pi * _fraction(x * threads)) * (0.75 + 0.25 * np.sin(np.pi * _fraction(y * threads)))
    weft = np.sin(np.pi * _fraction(y * threads)) * (0.75 + 0.25 * np.sin(np.pi * _fraction(x * threads)))
    light = (
        0.55
        + 0.45 * np.where(over, warp, weft)
        + 0.05 * _noise(size, rng, 0.4)
        + 0.04 * _noise(size, rng, 2.0)
    )
    palette = [
        (0.25, 0.38, 0.55),
        (0.62, 0.27, 0.3),
        (0.82, 0.76, 0.62),
        (0.3, 0.42, 0.33),
        (0.78, 0.6, 0.3),
        (0.45, 0.3, 0.48),
    ]
    first, second = _color(rng, palette), _color(rng, palette)
    stripes = np.floor(x * threads) % 8 < rng.integers(1, 5)
    warp_color = _mix(_flat(first), _flat(second), stripes.astype(float))
    return _mix(_flat(second), warp_color, over) * light[..., None]


def dots(size: int, rng: np.random.Generator) -> np.ndarray:
    """Printed paper: dots in a staggered lattice on a plain ground."""
    rows = int(rng.choice([4, 8]))
    x, y = _grid(size)
    row = np.floor(y * rows)
    across = _fraction(x * rows + 0.5 * (row % 2)) - 0.5
    distance = np.hypot(across, _fraction(y * rows) - 0.5)
    radius = rng.uniform(0.18, 0.38)
    palette = [
        (0.93, 0.9, 0.84),
        (0.2, 0.34, 0.45),
        (0.86, 0.45, 0.36),
        (0.95, 0.75, 0.4),
        (0.4, 0.62, 0.56),
        (0.3, 0.2, 0.3),
    ]
    ground, dot = (palette[i] for i in rng.choice(len(palette), 2, replace=False))
    fibre = 0.03 * _noise(size, rng, 0.8) + 0.05 * _noise(size, rng, 2.0)
    return _tinted(
        _mix(_flat(_near(rng, ground)), _flat(_near(rng, dot)), _step(radius - distance, 0, 0.05)), fibre
    )


PATTERNS: dict[str, Pattern] = {
    "bricks": bricks,
    "checkers": checkers,
    "cobbles": cobbles,
    "dots": dots,
    "planks": planks,
    "weave": weave,
}
KINDS: dict[str, dict[str, Pattern]] = {"textures": PATTERNS, "planets": PLANETS}


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    """x (rightwards) and y (downwards) of the pixel centres, [size, size] in (0, 1)."""
    axis = (np.arange(size) + 0.5) / size
    return np.meshgrid(axis, axis)


def _warped(size: int, rng: np.random.Generator, amount: float) -> tuple[np.ndarray, np.ndarray]:
    """The grid, bent a little and periodically; values may leave (0, 1) by `amount` and more."""
    x, y = _grid(size)
    return x + amount * _noise(size, rng, 1.5), y + amount * _noise(size, rng, 1.5)


def _noise(size: int, rng: np.random.Generator, slope: float, stretch: float = 1.0) -> np.ndarray:
    """Periodic noise [size, size], mean 0, deviation 1, amplitude falling as frequency^-slope; `stretch` draws it
    out along y."""
    fy = np.fft.fftfreq(size)[:, None] * size * stretch
    fx = np.fft.rfftfreq(size)[None, :] * size
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.maximum(np.hypot(fx, fy), 1) ** -slope
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (size, size))
    return noise / noise.std()


def _fraction(value: np.ndarray) -> np.ndarray:
    return value - np.floor(value)


def _edge(value: np.ndarray) -> np.ndarray:
    """Distance to the nearest whole number, 0 to 0.5."""
    return np.abs(value - np.round(value))


def _step(value: np.ndarray, low: float, width: float) -> np.ndarray:
    """0 below `low`, 1 above `low + width`, smooth between."""
    t = np.clip((value - low) / width, 0, 1)
    return t * t * (3 - 2 * t)


def _color(rng: np.random.Generator, palette: list[tuple[float, float, float]]) -> tuple[float, ...]:
    return _near(rng, palette[rng.integers(len(palette))])


def _near(rng: np.random.Generator, color: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(np.clip(np.array(color) * rng.uniform(0.9, 1.1) + rng.normal(0, 0.02, 3), 0, 1))


def _flat(color: tuple[float, ...]) -> np.ndarray:
    return np.array(color)[None, None]


def _tinted(color, tone: np.ndarray) -> np.ndarray:
    """Colour (a tuple or an image) made lighter or darker by `tone` [H, W]."""
    return np.asarray(color) * (1 + tone[..., None])


def _mix(low: np.ndarray, high: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return low + (high - low) * np.asarray(weight, float)[..., None]


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
