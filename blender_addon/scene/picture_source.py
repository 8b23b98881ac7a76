"""The pixels of an image in Blender as a file for the worker, and what can be changed in a material. bpy and numpy.

Previous station: an Image Editor, or the materials of the selected objects. Next: engine/transform_request.py.
Nothing here changes anything: the original is kept.
"""

from collections.abc import Iterator
from pathlib import Path

import bpy

from ..engine.card import MAPS
from ..engine.errors import ImageError
from ..engine.png import SIGNATURE, is_interlaced
from .faces import image_nodes
from .images import RECIPE_KEY

# Where the maps of a material arrive in a Principled shader.
SOCKETS = {
    "base_color": "Base Color",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "normal": "Normal",
    "alpha": "Alpha",
}
SEPARATE = ("SEPARATE_COLOR", "SEPRGB", "SEPXYZ")
MOST_NODES = 64  # looked at behind a socket


def check_image(image: bpy.types.Image) -> None:
    """ImageError, a sentence for the user, where its pixels cannot be had."""
    if image.source == "TILED":
        raise ImageError(
            f"{image.name}: has several tiles (UDIM). Save the tile you want as an image of its own"
        )
    if image.source in ("MOVIE", "SEQUENCE"):
        raise ImageError(f"{image.name}: moves. Save the frame you want as an image of its own")
    if image.type in ("RENDER_RESULT", "COMPOSITING"):
        raise ImageError(f"{image.name}: is a result of rendering. Save it (Image > Save As) and open it")
    if min(image.size) == 0:
        where = bpy.path.abspath(image.filepath, library=image.library) or "nowhere"
        raise ImageError(
            f"{image.name}: its file is missing or damaged ({where}). "
            "Find it with File > External Data > Find Missing Files"
        )


def fields_of(image: bpy.types.Image, file: Path) -> dict:
    """Writes the pixels to `file`; the fields of a map in a request to the worker.

    A PNG as it is, with all that it says; anything else, and what was painted on, as RGBA of a byte each.
    """
    check_image(image)
    data = png_of(image)
    file.write_bytes(rgba_of(image) if data is None else data)
    return {"file": str(file), "width": image.size[0], "height": image.size[1]}


def png_of(image: bpy.types.Image) -> bytes | None:
    """The PNG that it holds or comes from, where that is what it shows."""
    if image.is_dirty or image.source != "FILE":
        return None
    if image.packed_file is not None:
        data = bytes(image.packed_file.data)
    else:
        path = Path(bpy.path.abspath(image.filepath, library=image.library))
        data = path.read_bytes() if path.is_file() else b""
    return data if data.startswith(SIGNATURE) and not is_interlaced(data) else None


def crop_of(image: bpy.types.Image, side: int, file: Path) -> dict:
    """The same for a square out of its middle, of at most `side` pixels."""
    check_image(image)
    side = min(side, *image.size)
    file.write_bytes(rgba_of(image, side))
    return {"file": str(file), "width": side, "height": side}


def rgba_of(image: bpy.types.Image, side: int | None = None) -> bytes:
    """Rows of RGBA of a byte each, the top one first, encoded as the image says; of a square in the middle, or all."""
    import numpy as np  # here, since Blender's start need not wait for it

    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, image.channels)[::-1]
    if side is not None:
        top, left = (height - side) // 2, (width - side) // 2
        values = values[top : top + side, left : left + side]
    if image.is_float and image.colorspace_settings.name != "Non-Color":
        values = np.concatenate([encoded(straight(values, image.alpha_mode)), values[..., 3:]], axis=2)
    grey = image.channels < 3
    colors = np.repeat(values[..., :1], 3, axis=2) if grey else values[..., :3]
    alpha = values[..., -1:] if image.channels in (2, 4) else np.ones_like(values[..., :1])
    unit = np.clip(np.nan_to_num(np.concatenate([colors, alpha], axis=2)), 0, 1)
    return np.floor(unit * np.float32(255) + np.float32(0.5)).astype(np.uint8).tobytes()


def straight(values, alpha_mode: str):
    """[H, W, 1..4] float32, linear, as Blender holds them -> [H, W, 1 or 3] colours that alpha did not multiply.

    Blender multiplies them in floats of every file, but where alpha is ignored or a channel of its own.
    """
    import numpy as np

    colors, alpha = values[..., :3], values[..., 3:]
    if alpha_mode not in ("STRAIGHT", "PREMUL") or not alpha.size:
        return colors
    return np.divide(colors, alpha, out=colors.copy(), where=alpha > 0)


def encoded(linear):
    """Linear Rec. 709 -> sRGB (IEC 61966-2-1), float in [0, 1]."""
    import numpy as np

    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(
        np.float32
    )


def recipe_text(image: bpy.types.Image) -> str | None:
    text = image.get(RECIPE_KEY)
    return text if isinstance(text, str) else None


def shown_maps(material: bpy.types.Material | None) -> dict[str, tuple]:
    """{map name: (image, [nodes that show it])}: ours by their labels, others by the socket that they arrive at."""
    found = {name: shown for name, shown in image_nodes(material).items() if name in MAPS}
    shader = principled(material)
    for name, socket in SOCKETS.items() if shader is not None else ():
        if name not in found and (node := image_behind(shader.inputs.get(socket))) is not None:
            found[name] = (node.image, [node])
    return found


def principled(material: bpy.types.Material | None) -> bpy.types.Node | None:
    """The Principled shader that is seen: nearest to the active output."""
    tree = material.node_tree if material is not None else None
    output = tree.get_output_node("ALL") if tree is not None else None
    if output is None:
        return None
    return next((node for node in behind(output.inputs["Surface"]) if node.type == "BSDF_PRINCIPLED"), None)


def image_behind(socket: bpy.types.NodeSocket | None) -> bpy.types.Node | None:
    """The nearest image node that arrives there as a whole: an image of which one channel does is another map, too."""
    nodes = behind(socket) if socket is not None else ()
    return next((node for node in nodes if node.type == "TEX_IMAGE" and node.image is not None), None)


def behind(socket: bpy.types.NodeSocket) -> Iterator[bpy.types.Node]:
    """The nodes whose results arrive at a socket, the nearest first; not those inside groups, nor single channels."""
    waiting, known = [socket], set()
    while waiting and len(known) < MOST_NODES:
        for link in waiting.pop(0).links:
            single = link.from_node.type in SEPARATE or link.from_socket.name == "Alpha"
            if link.from_node.name not in known and not single:
                known.add(link.from_node.name)
                yield link.from_node
                waiting += link.from_node.inputs
