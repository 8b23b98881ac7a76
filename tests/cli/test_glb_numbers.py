"""A GLB whose numbers name nothing is refused, not counted from the end. Never a generator."""

import pytest

from blender_addon.engine.errors import SurfaceError
from blender_addon.engine.glb import pack_glb
from blender_addon.transform_mesh import transform_glb


@pytest.mark.parametrize("number", [-1, 1, True, 0.0])
@pytest.mark.parametrize("kind", ["textures", "images", "bufferViews", "materials"])
def test_a_number_that_names_nothing_is_refused(tmp_path, kind, number):
    at = {one: 0 for one in ("textures", "images", "bufferViews", "materials")} | {kind: number}
    document = {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": 4}],
        "bufferViews": [{"buffer": 0, "byteLength": 4}],
        "images": [{"bufferView": at["bufferViews"], "mimeType": "image/png"}],
        "textures": [{"source": at["images"]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": at["textures"]}}}],
        "meshes": [{"primitives": [{"attributes": {}, "material": at["materials"]}]}],
    }
    source, out = tmp_path / "a.glb", tmp_path / "b.glb"
    source.write_bytes(pack_glb(document, b"abcd"))
    with pytest.raises(SurfaceError, match=f"names {kind} {number}, and has 1"):
        transform_glb(source, out, [], None, print)
    assert not out.exists()
