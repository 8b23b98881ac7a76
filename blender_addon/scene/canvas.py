"""The image that is painted on, and what a generator makes of it shown on the object. bpy and numpy.

Previous station: Texture Paint, the Image Editor. Next: engine/transform_request.py, then back here to be shown.
What is painted on is never changed: the result is an image of its own, in its place in the material.
"""

import zlib
from pathlib import Path

import bpy

from ..engine.errors import RequestError, SurfaceError
from ..engine.recipe import KEY
from .faces import discard
from .images import new_image, png_size
from .material import build_material
from .picture_source import check_image, principled, rgba_of, shown_maps
from .targets import check_editable
from .transformed import own, show


def canvas_of(context) -> bpy.types.Image | None:
    """What the Image Editor shows, else the image that Texture Paint paints on, else the colours of the active slot."""
    if (image := getattr(context, "edit_image", None)) is not None:
        return image
    item, paint = context.active_object, context.tool_settings.image_paint
    material = item.active_material if item is not None and item.type == "MESH" else None
    if paint.mode == "IMAGE" and paint.canvas is not None:
        return paint.canvas
    if context.mode == "PAINT_TEXTURE" and material is not None and material.texture_paint_images:
        return material.texture_paint_images[material.paint_active_slot]
    return shown_maps(material).get("base_color", (None,))[0]


def found(uid: int) -> bpy.types.Image:
    for image in bpy.data.images:
        if image.session_uid == uid:
            return image
    raise RequestError("the image that was followed is gone")


def shown_on(context) -> bpy.types.Object | None:
    """The mesh that will show the result; None where none is active, SurfaceError where it cannot."""
    item = context.active_object
    if item is None or item.type != "MESH":
        return None
    check_editable(item)
    if not item.data.uv_layers:
        raise SurfaceError(
            f"{item.name}: has no UV map, so no image lies on it. Unwrap it first (Edit Mode, U)"
        )
    material = item.active_material
    if material is not None and material.library is not None:
        raise SurfaceError(
            f"{item.name}: its material comes from {material.library.filepath}. Make it local first"
        )
    if material is not None and principled(material) is None:
        raise SurfaceError(f"{item.name}: its material has no Principled shader. Give it one")
    return item


def fingerprint(image: bpy.types.Image) -> int:
    """Of its pixels: another one after each stroke. 20 ms at 1024 px."""
    import numpy as np  # here, since Blender's start need not wait for it

    check_image(image)
    values = np.empty(image.size[0] * image.size[1] * image.channels, np.float32)
    image.pixels.foreach_get(values)
    return zlib.crc32(values, image.size[0])


def fields_of(image: bpy.types.Image, file: Path, paper: bool) -> dict:
    """As picture_source.fields_of, of what is painted now. paper: white where it is transparent, for lines."""
    import numpy as np

    data = rgba_of(image)
    if paper:
        rgba = np.frombuffer(data, np.uint8).reshape(-1, 4).astype(np.uint16)
        alpha = rgba[:, 3:]
        rgba[:, :3] = (rgba[:, :3] * alpha + 255 * (255 - alpha) + 127) // 255
        rgba[:, 3] = 255
        data = rgba.astype(np.uint8).tobytes()
    file.write_bytes(data)
    return {"file": str(file), "width": image.size[0], "height": image.size[1]}


def replace_shown(
    item: bpy.types.Object | None,
    canvas: bpy.types.Image,
    old: dict[str, str],
    maps: dict[str, bytes],
    colorspaces: dict[str, str],
    recipe: str,
) -> dict[str, str]:
    """{map name: PNG} in place of the images `old` ({map name: name}), which go; the names of the new ones.

    An undo step has to follow at once. Blender undoes a stroke by reading the scene of the stroke before anew, and
    takes materials that seem the same as they are: one that shows an image which no step knows then shows what is
    freed, and Blender crashes (5.2, every other time).
    """
    canvas.use_fake_user = True  # the material shows it no more
    title = canvas.name.removesuffix(".png")
    images = {
        key: new_image(f"{title} {'result' if key == 'base_color' else key}", png, colorspaces[key], recipe)
        for key, png in maps.items()
    }
    if item is not None:
        show(material_of(item, canvas), images)
    else:
        for image in images.values():
            image.use_fake_user = True
    for name in old.values():
        if (image := bpy.data.images.get(name)) is not None and item is None:
            image.use_fake_user = False
    discard(old.values())
    for key, image in images.items():
        image.name = old.get(key, image.name)
    return {key: image.name for key, image in images.items()}


def rewrite(old: dict[str, str], maps: dict[str, bytes], recipe: str) -> bool:
    """The images `old` hold {map name: PNG} from now on; False where that takes other images."""
    images = {key: bpy.data.images.get(name) for key, name in old.items()}
    if images.keys() != maps.keys():
        return False
    if any(image is None or tuple(image.size) != png_size(maps[key]) for key, image in images.items()):
        return False
    for key, image in images.items():
        image.pack(data=maps[key], data_len=len(maps[key]))
        image.buffers_free()  # read anew from what is packed
        image[KEY] = recipe
    return True


def material_of(item: bpy.types.Object, canvas: bpy.types.Image) -> bpy.types.Material:
    """The object's own, which shows some image as its colours: where it did not, the canvas."""
    if item.active_material is None:
        made = build_material(canvas.name, {"base_color": canvas})
        if item.material_slots:
            item.material_slots[item.active_material_index].material = made
        else:
            item.data.materials.append(made)
        return made
    material = own(item.active_material, [item])
    if "base_color" not in shown_maps(material):
        tree, shader = material.node_tree, principled(material)
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image, node.location = canvas, (shader.location[0] - 350, shader.location[1])
        tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        tree.nodes.active = node
    return material


def keep_painting(context, canvas: bpy.types.Image) -> None:
    """Strokes in the 3D view go on to the canvas, though the material shows the result."""
    paint = context.tool_settings.image_paint
    if context.mode == "PAINT_TEXTURE" and (paint.mode != "IMAGE" or paint.canvas != canvas):
        paint.mode, paint.canvas = "IMAGE", canvas
