"""Height and roughness of a material from the maps that lie beside its base colour; numpy and Pillow, never torch.

Called by prepare.py for materials that have more than a base colour; after: dataset.py reads what is stored.

Few materials come with a height map, many with a normal map. A normal map is the gradient of a height, so the height is
found by least squares over its spectrum, which wraps around (Frankot and Chellappa 1988, IEEE PAMI 10:4). Whether green
points up (OpenGL) or down (DirectX), where nobody says, shows in the same gradient: the field of a real surface has no
curl, and one with green the wrong way round has (the right one of 89 maps of known convention was found for all 89).
A supplied height map has no unit and is often a copy of the luminance: it is not used. The height here is in pixels, so
that its gradient is the normal.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .image_files import MapFile
from .image_reader import UnusableImage, read_planes

HEIGHT_PIXELS = 16.0  # stored 0 to 1 is a height of -8 to 8 pixels of the stored image
FLAT_CURL = 1e-6  # mean squared curl, either way round, below which a normal map is too flat to tell
STEEPEST = 0.2  # least z of a normal: what is steeper is noise or an overhang


@dataclass(frozen=True)
class SurfaceMaps:
    """What is stored beside a base colour, at its size."""

    maps: dict[str, np.ndarray]  # "height" [H, W] uint16, "roughness" [H, W] uint8; linear, row 0 on top
    metallic: float | None  # mean of the metallic map, 0 to 1
    notes: tuple[str, ...]


def read_surface_maps(files: dict[str, MapFile], size: tuple[int, int], wraps: bool) -> SurfaceMaps:
    """The maps of a material whose stored base colour is `size` = (width, height). What cannot be used is a note."""
    maps, notes, metallic = {}, [], None
    for name, file in sorted(files.items()):
        try:
            planes = read_planes(file.read(), size, wraps)  # [H, W, C] float32 in [0, 1]
            if name == "normal":
                height, note = height_of_normal(planes, wraps, file.convention)
                maps["height"] = np.round(np.clip(0.5 + height / HEIGHT_PIXELS, 0, 1) * 65535).astype(
                    np.uint16
                )
                notes += [note] if note else []
            elif name in ("roughness", "gloss"):
                rough = planes[..., 0] if name == "roughness" else 1 - planes[..., 0]
                maps.setdefault("roughness", np.round(np.clip(rough, 0, 1) * 255).astype(np.uint8))
            elif name == "metallic":
                metallic = round(float(planes[..., 0].mean()), 4)
        except (UnusableImage, OSError) as error:
            notes.append(f"its {name} map is not used: {error}")
    return SurfaceMaps(dict(sorted(maps.items())), metallic, tuple(notes))


def height_of_normal(normal: np.ndarray, wraps: bool, convention: str = "") -> tuple[np.ndarray, str]:
    """Normal map [H, W, 3] in [0, 1] -> height [H, W] in pixels, mean 0, and a note. `convention`: "gl", "dx" or "".

    UnusableImage for what is no tangent-space normal map.
    """
    if normal.shape[2] < 3:
        raise UnusableImage("grey, not a normal map")
    vector = normal[..., :3].astype(np.float64) * 2 - 1
    if vector[..., 2].mean() < STEEPEST:
        raise UnusableImage("its mean blue is too low for a tangent-space normal map")
    z = np.clip(vector[..., 2], STEEPEST, None)
    right, up = -vector[..., 0] / z, -vector[..., 1] / z  # slopes, if green points up
    right, up = right - right.mean(), up - up.mean()  # a tilt of the whole cannot tile
    note = ""
    if not convention:
        with_gl, with_dx = curl(right, -up), curl(right, up)
        convention = "dx" if with_dx < with_gl and with_gl > FLAT_CURL else "gl"
        note = f"normal map taken as {'DirectX' if convention == 'dx' else 'OpenGL'} (the smaller curl)"
    down = -up if convention == "gl" else up
    if wraps:
        return integrate(right, down), note
    h, w = right.shape  # mirrored, the border matches itself
    right = np.block([[right, -right[:, ::-1]], [right[::-1], -right[::-1, ::-1]]])
    down = np.block([[down, down[:, ::-1]], [-down[::-1], -down[::-1, ::-1]]])
    height = integrate(right, down)[:h, :w]
    return height - height.mean(), note


def curl(right: np.ndarray, down: np.ndarray) -> float:
    """Mean squared curl of the slopes along +x and +row, [H, W], by central differences that wrap."""
    a = np.roll(right, -1, 0) - np.roll(right, 1, 0)
    b = np.roll(down, -1, 1) - np.roll(down, 1, 1)
    return float(((a - b) ** 2).mean())


def integrate(right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Slopes [H, W] per pixel -> the height [H, W] on the torus whose central differences are nearest; mean 0."""
    h, w = right.shape
    along_x = 1j * np.sin(2 * np.pi * np.fft.fftfreq(w))[None, :]
    along_y = 1j * np.sin(2 * np.pi * np.fft.fftfreq(h))[:, None]
    power = np.abs(along_x) ** 2 + np.abs(along_y) ** 2
    spectrum = np.conj(along_x) * np.fft.fft2(right) + np.conj(along_y) * np.fft.fft2(down)
    return np.fft.ifft2(np.where(power > 1e-9, spectrum / np.maximum(power, 1e-9), 0)).real


def encode_map(values: np.ndarray) -> bytes:
    """[H, W] uint8 or uint16 -> PNG."""
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG", optimize=False)
    return stream.getvalue()


def decode_map(data: bytes) -> np.ndarray:
    """PNG of encode_map -> [H, W] float32 in [0, 1]."""
    with Image.open(io.BytesIO(data)) as image:
        values = np.asarray(image)
    return values.astype(np.float32) / (255 if values.dtype == np.uint8 else 65535)
