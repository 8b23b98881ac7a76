"""Turns the bytes of any image into 8-bit sRGB at the dataset's size; Pillow and numpy only, never torch.

Second station of `prepare`, after image_files.py; next: duplicates.py.
Every image is scaled in linear light with a Lanczos filter: the mean reflectance of a texture then stays what it was
(scaling sRGB values darkens fine bright detail). Images that wrap are scaled with their own wrapped border, so they
still do.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_PIXELS = 100_000_000  # an 8K texture has 67 million; a decompression bomb has more
MIN_SIDE = 128  # pixels of the short side; smaller images are left out
MAX_ASPECT = 4  # longer sides are centre-cropped to this many times the short one
LANCZOS_REACH = 3  # taps to either side at scale 1


class UnusableImage(Exception):
    """Why this image is left out; caught by prepare, never seen by the user as an error."""


@dataclass(frozen=True)
class ReadImage:
    """One converted image."""

    pixels: np.ndarray  # [H, W, 3] uint8, sRGB, row 0 on top; [H, W, 4] with straight alpha where it is kept
    notes: tuple[str, ...]  # what was changed besides the scale
    cropped: bool  # then it no longer wraps


def read_image(
    data: bytes,
    size: int,
    wraps: bool,
    keep_alpha: bool = False,
    min_side: int = MIN_SIDE,
    max_aspect: int = MAX_ASPECT,
) -> ReadImage:
    """Decode, orient, convert, scale (short side to `size`, never enlarged) and crop; UnusableImage says why not.

    Transparent parts get the mean colour of the rest, and are opaque then unless `keep_alpha`. `max_aspect` 1 makes
    squares."""
    image, notes = _decode(data)
    image, alpha, more = _to_rgb(image)
    notes += more
    width, height = image.size
    short = min(width, height)
    if short < min_side:
        raise UnusableImage(f"too small: {width} x {height} px, the short side must be at least {min_side}")
    if short < size:
        notes.append(f"smaller than {size} px, kept at {width} x {height}")
    scale = min(1.0, size / short)
    target = max(1, round(width * scale)), max(1, round(height * scale))
    planes = [_linear(np.asarray(band)) for band in image.split()]
    if alpha is None:
        planes = [_resize(plane, target, wraps) for plane in planes]
        pixels = _encode_srgb(np.stack(planes, axis=-1))
    else:
        pixels = _transparent(planes, np.asarray(alpha, np.float32) / 255, target, wraps, keep_alpha)
        notes.append(
            "transparency kept" if keep_alpha else "transparent parts filled with the mean colour of the rest"
        )
    limit = max_aspect * min(target)
    cropped = max(target) > limit
    if cropped:
        notes.append(
            "centre-cropped to a square" if max_aspect == 1 else f"longer than {max_aspect}:1, centre-cropped"
        )
        top, left = max(0, (target[1] - limit) // 2), max(0, (target[0] - limit) // 2)
        pixels = pixels[top : top + limit, left : left + limit]
    return ReadImage(np.ascontiguousarray(pixels), tuple(notes), cropped)


LARGEST_SCALE = 8  # a map smaller than that beside its base colour shows nothing of it


def read_planes(data: bytes, target: tuple[int, int], wraps: bool) -> np.ndarray:
    """A map of numbers, not of light: [H, W, C] float32 in [0, 1] at `target` = (width, height); UnusableImage."""
    image, _ = _decode(data)
    if abs(image.width * target[1] / (image.height * target[0]) - 1) > 0.02:
        raise UnusableImage(f"{image.width} x {image.height} px, another shape than the base colour")
    if image.width * LARGEST_SCALE < target[0]:
        raise UnusableImage(
            f"{image.width} x {image.height} px, too small for a base colour of {target[0]} x {target[1]}"
        )
    if image.mode == "F" or image.mode.startswith("I"):
        bands = [_unit_grey(image).astype(np.float32)]
    else:
        image = image if image.mode == "L" else image.convert("RGB")
        bands = [np.asarray(band, np.float32) / 255 for band in image.split()]
    return np.stack([_resize(band, target, wraps) for band in bands], axis=-1)


def _transparent(
    planes: list[np.ndarray], alpha: np.ndarray, target: tuple[int, int], wraps: bool, keep: bool
) -> np.ndarray:
    """Scale linear planes and alpha [H, W] in [0, 1] -> [H', W', 4] uint8, or [H', W', 3] over the mean colour.

    Colours are scaled premultiplied, so what lies under transparent pixels does not bleed into the rest.
    """
    cover = np.clip(_resize(alpha, target, wraps), 0, 1)[..., None]
    light = np.stack([_resize(plane * alpha, target, wraps) for plane in planes], axis=-1)
    mean = light.sum((0, 1)) / max(float(cover.sum()), 1e-6)
    if not keep:
        return _encode_srgb(light + mean * (1 - cover))
    color = np.where(cover > 1 / 512, light / np.maximum(cover, 1 / 512), mean)
    return np.concatenate([_encode_srgb(color), np.floor(cover * 255 + 0.5).astype(np.uint8)], axis=-1)


def _decode(data: bytes) -> tuple[Image.Image, list[str]]:
    if not data:
        raise UnusableImage("empty file (0 bytes)")
    try:
        with warnings.catch_warnings():
            # Our own pixel limit stands below; odd metadata in old files is no reason to fail.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            if image.width * image.height > MAX_PIXELS:
                raise UnusableImage(
                    f"too large: {image.width} x {image.height} px, more than {MAX_PIXELS // 10**6} million pixels"
                )
            notes = ["animated, first frame used"] if getattr(image, "n_frames", 1) > 1 else []
            image.load()
            return ImageOps.exif_transpose(image), notes
    except Image.DecompressionBombError as error:
        raise UnusableImage(f"too large: {error}") from error
    except UnidentifiedImageError as error:
        raise UnusableImage("not an image, whatever its name says") from error
    except MemoryError as error:
        raise UnusableImage("too large for this machine's memory") from error
    except UnusableImage:
        raise
    except Exception as error:
        # Pillow's decoders raise anything on damaged data: SyntaxError for a broken PNG, struct.error for a broken
        # EXIF, KeyError, AttributeError. One bad file must not end the work on thousands of good ones.
        raise UnusableImage(f"damaged: {error or type(error).__name__}") from error


def _unit_grey(image: Image.Image) -> np.ndarray:
    """16-bit or float grey -> [H, W] float64 in [0, 1]."""
    with np.errstate(invalid="ignore"):  # signalling NaN, found in the next line
        values = np.asarray(image, np.float64)
    if not np.isfinite(values).all():
        raise UnusableImage("holds values that are not numbers")
    top = 1.0 if image.mode == "F" else 65535.0  # a 16-bit file arrives as I;16 or I
    if values.min() < 0 or values.max() > top:
        raise UnusableImage(
            f"its values reach {values.max():g}; {image.mode} images must stay within 0 to {top:g}"
        )
    return values / top


def _to_rgb(image: Image.Image) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """8-bit RGB, the alpha channel (None where there is none or it is opaque), and notes."""
    mode, notes = image.mode, []
    if mode == "F" or mode.startswith("I"):
        image = Image.fromarray(np.floor(_unit_grey(image) * 255 + 0.5).astype(np.uint8))
        notes.append("16-bit or float grey converted to 8 bit")
    alpha = None
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema()[0] == 255:
            alpha = None
        elif alpha.getextrema()[1] == 0:
            raise UnusableImage("wholly transparent")
    image = _apply_profile(image, notes)
    if mode not in ("RGB", "RGBA", "RGBX") and not notes:
        notes.append(f"{mode} converted to RGB")
    return image.convert("RGB"), alpha, notes


def _apply_profile(image: Image.Image, notes: list[str]) -> Image.Image:
    """Convert to sRGB by the embedded ICC profile; an unreadable profile is ignored, as viewers do."""
    data = image.info.get("icc_profile")
    if not data or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(profile).strip()
        if "srgb" in name.lower():
            return image
        converted = ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    notes.append(f"colour profile {name!r} converted to sRGB")
    return converted


_CODES = np.arange(256, dtype=np.float64) / 255
_SRGB_TO_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)


def _linear(band: np.ndarray) -> np.ndarray:
    """[H, W] uint8 sRGB -> [H, W] float32 linear light in [0, 1]."""
    return _SRGB_TO_LINEAR[band]


def _encode_srgb(pixels: np.ndarray) -> np.ndarray:
    """Linear light, any float, clipped -> uint8 sRGB, rounded half up."""
    value = np.clip(pixels, 0, 1)
    code = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.floor(code * 255 + 0.5).astype(np.uint8)


def _resize(plane: np.ndarray, target: tuple[int, int], wraps: bool) -> np.ndarray:
    """[H, W] float32 -> [target height, target width] float32; `target` is (width, height)."""
    height, width = plane.shape
    if (width, height) == target:
        return plane
    pad = 0
    if wraps:
        pad = min(width, height, int(np.ceil(LANCZOS_REACH * max(width / target[0], height / target[1]))) + 1)
        plane = np.pad(plane, pad, mode="wrap")
    box = (pad, pad, pad + width, pad + height)  # Pillow's filter reads past the box, so the border is used
    return np.asarray(Image.fromarray(plane).resize(target, Image.Resampling.LANCZOS, box=box), np.float32)
