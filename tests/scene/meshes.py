"""Meshes for the tests of texturing: a rigged character, a grid of any size, an object in the scene. bpy only."""

import bpy

from .faces import COLORSPACES, RECIPE, make_faces, make_pixels


def textures(count=1, maps=("base_color",), size=16):
    """`count` FacePixels, all different."""
    pixels = [one for seed in range(-(-count // 6)) for one in make_pixels(maps, size, seed)]
    return make_faces(pixels[:count])


def run(steps):
    """All the steps; what the generator returns."""
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        return stop.value


def texture(objects, surface, count=1, maps=("base_color",)):
    from blender_addon.scene.surfaces import texture_steps
    from blender_addon.scene.targets import targets

    bpy.context.view_layer.update()
    return run(texture_steps(targets(objects).uids, textures(count, maps), COLORSPACES, RECIPE, surface))


def placed(name, mesh, scale=(1, 1, 1)):
    """An object of the mesh in the scene, selected."""
    item = bpy.data.objects.new(name, mesh)
    item.scale = scale
    bpy.context.scene.collection.objects.link(item)
    item.select_set(True)
    return item


def cube_mesh(size=2.0, uvs=True):
    """Blender's cube: six quads, unwrapped as a cross that covers u from 1/8 to 7/8."""
    bpy.ops.mesh.primitive_cube_add(size=size, calc_uvs=uvs)
    item = bpy.context.object
    mesh = item.data
    mesh.use_fake_user = True
    bpy.data.objects.remove(item)
    mesh.use_fake_user = False
    return mesh


def grid_mesh(columns, rows, cell=1.0, uvs=False):
    """A flat grid of quads in the plane z = 0, seen from above; its UVs are the 0..1 square over all of it."""
    points = [(x * cell, y * cell, 0) for y in range(rows + 1) for x in range(columns + 1)]
    wide = columns + 1
    quads = [
        (y * wide + x, y * wide + x + 1, (y + 1) * wide + x + 1, (y + 1) * wide + x)
        for y in range(rows)
        for x in range(columns)
    ]
    mesh = bpy.data.meshes.new("grid")
    mesh.from_pydata(points, [], quads)
    if uvs:
        layer = mesh.uv_layers.new(name="flat")
        for loop in mesh.loops:
            x, y, _ = mesh.vertices[loop.vertex_index].co
            layer.data[loop.index].uv = x / (columns * cell), y / (rows * cell)
    return mesh


def picture_of(material) -> bytes:
    """The PNG that the material shows as base colour."""
    return material.node_tree.nodes.active.image.packed_file.data


def character():
    """A rigged character, roughly: everything on it that texturing must not touch."""
    bpy.ops.mesh.primitive_monkey_add(size=1.8)
    body = bpy.context.object
    body.name = body.data.name = "Body"
    mesh = body.data
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    bones = rig.data.bones

    body.parent = rig
    armature = body.modifiers.new("Armature", "ARMATURE")
    armature.object = rig
    subdivision = body.modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels = 1
    for name in (bones[0].name, "Head", "Unused"):
        group = body.vertex_groups.new(name=name)
        if name != "Unused":
            for vertex in mesh.vertices:
                group.add([vertex.index], (vertex.index % 7) / 7, "REPLACE")

    body.shape_key_add(name="Basis")
    smile = body.shape_key_add(name="Smile")
    for index, point in enumerate(smile.data):
        point.co.z += 0.01 * (index % 5)
    smile.value = 0.5
    curve = smile.driver_add("value")
    curve.driver.expression = "0.25 + 0.5"
    body.driver_add("location", 2).driver.expression = "frame * 0.1"

    first = mesh.uv_layers[0]
    second = mesh.uv_layers.new(name="Lightmap")
    mesh.uv_layers.active = first
    second.active_render = True
    for name, domain, kind in (
        ("Dirt", "POINT", "FLOAT_COLOR"),
        ("Sweat", "CORNER", "BYTE_COLOR"),
        ("Density", "FACE", "FLOAT"),
        ("Ids", "FACE", "INT"),
    ):
        layer = mesh.attributes.new(name, kind, domain)
        for index, element in enumerate(layer.data):
            if "COLOR" in kind:
                element.color = (index % 3 / 2, index % 5 / 4, 0.5, 1)
            else:
                element.value = index % 11
    mesh.attributes.active_color = mesh.attributes["Sweat"]
    mesh.attributes.active = mesh.attributes["Ids"]
    crease = mesh.attributes.new("crease_edge", "FLOAT", "EDGE")
    for edge in mesh.edges[:40]:
        edge.use_seam = True
        crease.data[edge.index].value = 0.5

    for name in ("Skin", "Eyes"):
        mesh.materials.append(bpy.data.materials.new(name))
    mesh.polygons.foreach_set("material_index", [i % 2 for i in range(len(mesh.polygons))])
    mesh["mine"] = "kept"
    body["age"] = 31
    body.active_shape_key_index = 1
    body.active_material_index = 1
    bpy.context.view_layer.update()
    return body
