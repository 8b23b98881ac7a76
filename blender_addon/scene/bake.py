"""A box projection into images through the mesh's UVs, with Cycles in a Blender of its own. bpy only.

What is seen live is not what other programs can read: they know UVs only. The images lie on the mesh as it was
modelled and subdivided, however bones bend it; the relief of height becomes a tangent normal map. Baking takes
seconds for a map: a second Blender does it, so that this one stays usable and Esc is heard at once.

Previous station: scene/surfaces.py, mode "box". Next: the operator pushes one undo step.
"""

import contextlib
import subprocess
import tempfile
import time
from array import array
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.errors import OutputError, SurfaceError
from . import bake_child, second_blender
from .assets import FacePixels
from .bake_stage import colorspace, is_box, write_stage
from .faces import image_nodes
from .images import RECIPE_KEY
from .layouts import counts, layer_for
from .mapping import Mapping
from .material import MAP_ORDER, strengths
from .session import nothing_left_behind, temporary_scene
from .shelf import Shelf
from .slots import put, users_of
from .surfaces import active_attribute_kept, add_layer
from .targets import check_editable, find
from .unwrap import active_render, taken
from .uv_check import fault_steps


@dataclass(frozen=True)
class Baked:
    """`name` of the object; `note`: a sentence about what the user may not expect, or nothing."""

    name: str
    note: str


LOOK = 0.005  # seconds between two looks at the other Blender


def bake_steps(
    uid: int, size: int = 1024, own_uvs: bool = True, name: str = "GAN Bake", threads: int = 0
) -> Generator[tuple[int, int], None, Baked]:
    """Gives the box-projected slots of an object baked images; yields (maps done, all maps).

    size: width and height in pixels. own_uvs: into the mesh's UVs, where it has any that can be baked into
    (uv_check.py); else into a new layer "gancube" by Smart UV Project. threads: where nobody waits at a window, so many
    of this process bake (0: a second Blender does).
    Nothing of the object changes before the last step. Closed before its end it leaves nothing behind.
    """
    item = existing(uid)
    maps, before = baked_maps(item), counts(item.data)
    if not maps:
        raise SurfaceError(f"{item.name}: shows no box projection. Texture it with Box first.")
    recipe = str(item.get(RECIPE_KEY, ""))
    uvs, fault = None, ""
    if own_uvs and item.data.uv_layers:
        layer = active_render(item.data).name
        uvs = taken(item.data.uv_layers[layer].uv, "vector", "f", 2)
        slots = {i for i, slot in enumerate(item.material_slots) if is_box(slot.material)}
        checking = fault_steps(item.data, uvs, slots)
        while True:
            try:
                next(checking)
            except StopIteration as stop:
                fault = stop.value
                break
            yield 0, len(maps)
        item = existing(uid)  # undone meanwhile, it is another datablock
        if counts(item.data) != before:  # its UVs are no longer those that were read
            raise SurfaceError(f"{item.name}: was changed meanwhile. Bake it again.")
    own = uvs is not None and not fault
    with tempfile.TemporaryDirectory(prefix="gancube-") as name_of_folder:
        folder = Path(name_of_folder)
        uvs = uvs if own else None
        write_stage(item, maps, uvs, size, folder / "stage.blend")
        yield from staged_steps(folder, maps, threads)
        pngs = {one: (folder / f"{one}.png").read_bytes() for one in maps}
        if uvs is None:
            uvs = array("f", (folder / "uvs.bin").read_bytes())
    shelf = Shelf([FacePixels(0, None, pngs)], {one: colorspace(one) for one in maps}, recipe, name)
    try:
        for _ in shelf.image_steps(0):
            yield len(maps), len(maps)
        item = existing(uid)
        if counts(item.data) != before or baked_maps(item) != maps:
            raise SurfaceError(f"{item.name}: was changed meanwhile. Bake it again.")
        land(item, shelf, None if own else uvs)
        note = (
            f'{item.name}: its UV map "{layer}" {fault}, so a new one was made for the images.'
            if fault
            else ""
        )
        return Baked(item.name, note)
    except BaseException:  # also GeneratorExit
        shelf.clear()
        raise


def staged_steps(
    folder: Path, maps: Sequence[str], threads: int = 0
) -> Generator[tuple[int, int], None, None]:
    """Bakes the stage that lies in `folder` into MAP.png for each; yields (maps done, all maps)."""
    yield 0, len(maps)
    if threads:
        for done, _ in enumerate(bake_here(folder, threads), 1):
            yield done, len(maps)
        return
    with other_blender(folder) as process:
        while process.poll() is None:
            time.sleep(LOOK)
            yield sum((folder / f"{one}.png").exists() for one in maps), len(maps)


def existing(uid: int) -> bpy.types.Object:
    for item in find((uid,)):
        check_editable(item)
        return item
    raise SurfaceError("The object to be baked was deleted meanwhile.")


def baked_maps(item: bpy.types.Object) -> list[str]:
    """The maps that baking makes, in order; none where no slot shows a box projection."""
    shown = [slot.material for slot in item.material_slots if is_box(slot.material)]
    maps = {name for material in shown for name in image_nodes(material)} - {"height", "normal"}
    if any("height" in strengths(material) for material in shown):
        maps.add("normal")
    return [name for name in MAP_ORDER if name in maps]


def bake_here(folder: Path, threads: int) -> Iterator[None]:
    with nothing_left_behind(), temporary_scene([]) as scene:
        scene.render.threads_mode, scene.render.threads = "FIXED", threads
        try:
            yield from bake_child.steps(folder)
        except (RuntimeError, OSError) as error:
            raise OutputError(f"Baking failed: {str(error).strip()}") from error


@contextlib.contextmanager
def other_blender(folder: Path) -> Iterator[subprocess.Popen]:
    """bake_child.py, at work on the stage in `folder`; killed when it is no longer wanted, OutputError if it fails."""
    script = Path(bake_child.__file__).resolve()
    with (folder / "log.txt").open("wb") as log:
        try:
            process = second_blender.start(script, str(folder), said=log)
        except OSError as error:
            raise OutputError(f"Baking needs a second Blender, which cannot be started: {error}.") from error
        try:
            yield process
        finally:
            code = second_blender.end(process)
    if code:
        lines = [
            line for line in (folder / "log.txt").read_text("utf-8", "replace").splitlines() if line.strip()
        ]
        raise OutputError(f"Baking failed with code {code}: {lines[-1] if lines else 'no reason given'}")


def land(item: bpy.types.Object, shelf: Shelf, new_uvs: array | None) -> None:
    """The baked material into the slots that showed a box projection, at the strength that they had."""
    mesh, layer = item.data, ""  # "": the layer that is rendered
    if new_uvs is not None:
        layer, is_new = layer_for(mesh, new_uvs)
        if is_new:
            with active_attribute_kept(mesh):
                add_layer(mesh, layer, new_uvs)
            mesh.update_tag()
    material = shelf.material(0, Mapping("UV", layer))
    shared = len(users_of(mesh)) > 1
    for slot in item.material_slots:
        if is_box(slot.material):
            copy_strength(slot.material, material)
            put(slot, material, own=shared and slot.link == "DATA")


def copy_strength(old: bpy.types.Material, new: bpy.types.Material) -> None:
    """Of roughness; that of height is in the baked normals."""
    if "roughness" in strengths(old) and "roughness" in strengths(new):
        node, socket = strengths(new)["roughness"]
        value = old.node_tree.nodes[node].inputs[socket].default_value
        new.node_tree.nodes[node].inputs[socket].default_value = value
