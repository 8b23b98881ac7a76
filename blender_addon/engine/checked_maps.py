"""Rules about maps: pictures, colour spaces, normal maps, packing, and against what was generated. Never bpy.

Pixels come from a function that decodes (file_check.py): PNG here, JPEG and WebP through Blender.
Previous station: checked.py.
"""

from collections.abc import Callable

import numpy as np

from .card import MAPS
from .checked import Checked, CheckedMap, CheckedMaterial
from .errors import ImageError
from .image_file import kind_of, size_of

Pixels = Callable[[bytes], np.ndarray]  # file -> [H, W, 1..4] uint8, row 0 on top

LARGEST_SIDE = 8192  # of what the generators make; many programs take no more
LOSSY = 6.0  # mean difference of 255 that JPEG and WebP may make


def check_pictures(facts: Checked, pixels: Pixels) -> dict[str, np.ndarray]:
    """image, size: {key: pixels} of those that can be read."""
    found = {}
    used = {one.image for material in facts.materials for one in material.maps}
    for key in [key for key in facts.images if key in used]:
        data = facts.images[key]
        if data is None:
            continue
        try:
            width, height = size_of(data)
            if max(width, height) > LARGEST_SIDE:
                facts.error("size", key, f"is {width} x {height} px; {LARGEST_SIDE} is the most.")
                continue
            found[key] = pixels(data)
        except ImageError as error:
            facts.error("image", key, f"cannot be read: {error}")
    for material in facts.materials:
        sizes = {found[one.image].shape[:2] for one in material.maps if one.image in found}
        if len(sizes) > 1:
            text = ", ".join(f"{width} x {height}" for height, width in sorted(sizes))
            facts.error("size", material.name, f"its maps have different sizes: {text}.")
    return found


def check_colorspaces(facts: Checked) -> None:
    for material in facts.materials:
        for one in material.maps:
            wanted = MAPS[one.role][0]
            if one.colorspace and one.colorspace != wanted:
                facts.error(
                    "colour-space", material.name, f"{one.role} is read as {one.colorspace}, and is {wanted}."
                )


def check_missing(facts: Checked) -> None:
    """Pictures that the readers could not find in the file itself; a picture beside it has been reported."""
    for material in facts.materials:
        for one in material.maps:
            if one.image not in facts.images and not any(f.where == material.name for f in facts.findings):
                facts.error("missing-texture", material.name, f"the picture of its {one.role} is not there.")


def check_packing(facts: Checked, pictures: dict[str, np.ndarray]) -> None:
    """One picture for occlusion (red), roughness (green) and metal (blue): glTF's order, and no grey picture."""
    for material in facts.materials:
        shared: dict[str, list[CheckedMap]] = {}
        for one in material.maps:
            if one.role in ("ao", "roughness", "metallic"):
                shared.setdefault(one.image, []).append(one)
        for key, uses in shared.items():
            places = [one.channels for one in uses]
            array = pictures.get(key)
            if array is None or len(uses) < 2 or len(set(places)) < 2:
                continue
            flat = [_channel(array, one) for one in uses]
            if np.ptp(array) > 8 and all(np.array_equal(flat[0], other) for other in flat[1:]):
                names = " and ".join(one.role for one in uses)
                facts.error(
                    "packing", material.name, f"{names} are the same picture: it is grey, not packed."
                )


def check_normal_maps(facts: Checked, pictures: dict[str, np.ndarray]) -> None:
    for material in facts.materials:
        normal, height = (_of(material, pictures, role) for role in ("normal", "height"))
        if normal is None:
            continue
        if normal.shape[2] < 3:
            facts.error("normal-map", material.name, "its normal map is grey. Is it a height map?")
            continue
        vector = normal[..., :3].astype(np.float32) / 127.5 - 1
        length = np.linalg.norm(vector, axis=2)
        if (np.abs(length - 1) > 0.1).mean() > 0.05 or (vector[..., 2] < 0).mean() > 0.01:
            facts.error(
                "normal-map", material.name, "its normal map holds no normals of length one that point up."
            )
            continue
        slope_x, slope_up = (-vector[..., i] / np.maximum(vector[..., 2], 0.05) for i in (0, 1))
        verdict = _against_height(slope_x, slope_up, height) if height is not None else None
        verdict = verdict or _by_curl(slope_x, slope_up)
        if verdict:
            facts.error("normal-convention", material.name, verdict)


def _against_height(slope_x: np.ndarray, slope_up: np.ndarray, height: np.ndarray) -> str | None:
    """Green up (OpenGL): slopes of the normals are those of the height, seen from the lower left. "" where they are."""
    values = height[..., 0].astype(np.float32)
    if values.shape != slope_x.shape:
        return None
    rise_x = (np.roll(values, -1, 1) - np.roll(values, 1, 1)) / 2
    rise_up = (np.roll(values, 1, 0) - np.roll(values, -1, 0)) / 2  # rows go down, v goes up
    right, up = _alike(slope_x, rise_x), _alike(slope_up, rise_up)
    if up < -0.2 and right > -0.2:
        return "green points down in its normal map (DirectX); its height says so. Turn green over."
    if right < -0.2:
        return "its normal map and its height contradict each other: hills in one are hollows in the other."
    return "" if max(right, up) > 0.2 else None


def _by_curl(slope_x: np.ndarray, slope_up: np.ndarray) -> str:
    """Slopes of a surface have no curl; with green turned over they have. Needs no height, and says nothing of
    patterns that run in one direction only."""
    x_along_up = np.roll(slope_x, 1, 0) - np.roll(slope_x, -1, 0)
    up_along_x = np.roll(slope_up, -1, 1) - np.roll(slope_up, 1, 1)
    as_it_is, turned = (float(np.mean((x_along_up - sign * up_along_x) ** 2)) for sign in (1, -1))
    if turned < 0.4 * as_it_is:
        return "green points down in its normal map (DirectX): only so are its slopes those of a surface."
    return ""


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size > 1e-9 else 0.0


def check_against(
    facts: Checked, pictures: dict[str, np.ndarray], generated: dict[str, dict], pixels: Pixels
) -> None:
    """generated: {part: {map name: PNG bytes or [H, W, C] uint8}}, parts in the order of the materials.

    Every map must be there, and be what was generated; those that a format drops are in DROPS.
    """
    if len(generated) != len(facts.materials):
        text = f"it has {len(facts.materials)} materials, and {len(generated)} sets of maps were generated."
        facts.error("read-back", facts.path.name, text)
        return
    for material, (part, maps) in zip(facts.materials, generated.items(), strict=True):
        for role, data in maps.items():
            if role in DROPS.get(facts.kind, ()):
                continue
            got = _of(material, pictures, role)
            if got is None:
                facts.error(
                    "read-back",
                    material.name,
                    f"{role} was generated {f'for {part}, ' * bool(part)}and is not here.",
                )
                continue
            wanted = pixels(data) if isinstance(data, bytes) else data
            one = next(m for m in material.maps if m.role == role)
            lossless = kind_of(facts.images[one.image]) == "PNG"
            if got.shape[:2] != wanted.shape[:2]:
                facts.error("read-back", material.name, f"{role} has another size than what was generated.")
                continue
            width = min(got.shape[2], wanted.shape[2])
            difference = np.abs(got[..., :width].astype(np.int16) - wanted[..., :width])
            if difference.max() > 0 if lossless else difference.mean() > LOSSY:
                off = f"{difference.mean():.1f} of 255 off, {difference.max()} at most"
                text = f"{role} is not what was generated: {off}."
                facts.error("read-back", material.name, text)


# What a format has no place for, or Blender's writer leaves out.
DROPS = {"glb": ("height",), "fbx": ("height", "ao"), "obj": ()}


def _of(material: CheckedMaterial, pictures: dict[str, np.ndarray], role: str) -> np.ndarray | None:
    one = next((m for m in material.maps if m.role == role), None)
    return _channel(pictures[one.image], one) if one is not None and one.image in pictures else None


def _channel(array: np.ndarray, one: CheckedMap) -> np.ndarray:
    """The part of a picture that is the map; a grey picture has its value in every channel."""
    first, end = one.channels
    if end <= array.shape[2]:
        return array[..., first:end]
    if array.shape[2] <= 2 and one.role != "alpha":
        return array[..., :1]
    return array[..., -1:] if end - first == 1 else array[..., :3]
