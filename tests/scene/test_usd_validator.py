"""UsdValidation of Pixar's own library is content: no errors, no warnings, of any validator it has."""

import importlib.util
import subprocess

import pytest

from blender_addon.cli import main
from blender_addon.scene.formats import ENCODINGS, FORMATS

from .faces import EVERY_MAP
from .marks import MARK, new_cube


def test_nothing_to_complain_about(tmp_path, validate_usd):
    from blender_addon.scene.layouts import Surface

    from .meshes import cube_mesh, placed, texture

    files = []
    for maps in (("base_color",), ("base_color", "height"), EVERY_MAP):
        cube, _ = new_cube(maps)
        for name in ("usd", "usdz"):
            for encoding in ENCODINGS[name]:
                path = tmp_path / f"{len(files)}"
                files.append(FORMATS[name](cube, path, MARK, encoding)[0])
    item = placed("cube", cube_mesh())
    texture([item], Surface("tile"), maps=("base_color", "normal"))
    files += [FORMATS[name](item, tmp_path / "mesh", MARK)[0] for name in ("usd", "usdz")]
    assert {found for errors in validate_usd(*files).values() for found in errors} == set()


@pytest.mark.parametrize("before", [b"    metersPerUnit = 1\n", b"(2, 2, 2, 1)", b"px_base_color.png"])
def test_it_would_say_so(tmp_path, validate_usd, before):
    cube, _ = new_cube()
    path = FORMATS["usd"](cube, tmp_path / "cube", MARK)[0]
    data = path.read_bytes()
    assert before in data
    path.write_bytes(
        data.replace(before, b"(1, 1, 1, 1)" if b"2" in before else b"gone.png" * (b"png" in before))
    )
    assert validate_usd(path)[str(path)]


def test_binary_usd_is_read_where_the_library_is(tmp_path, usd_python, checkout, capsys):
    """Blender's wheel does not bring it: there the message says what to install."""
    cube, _ = new_cube()
    text = FORMATS["usd"](cube, tmp_path / "cube", MARK)[0]
    binary = tmp_path / "cube.usdc"
    code = f"""
import sys; sys.path.insert(0, {str(checkout)!r})
from pxr import Sdf
Sdf.Layer.FindOrOpen({str(text)!r}).Export({str(binary)!r})
from blender_addon.engine import usd_layers, usda_reader
data = open({str(binary)!r}, "rb").read()
assert data.startswith(b"PXR-USDC")
layer = usda_reader.read(usd_layers.root_layer(data)[0])
same = usda_reader.read(open({str(text)!r}).read())
one, other = (one.metadata["customLayerData"]["gancube"] for one in (layer, same))
assert one["recipe"] == other["recipe"] and sorted(one) == sorted(other)
assert sorted(layer.prims) == sorted(same.prims)
"""
    subprocess.run([str(usd_python), "-W", "ignore", "-c", code], check=True, timeout=900)
    if importlib.util.find_spec("pxr") is None:
        assert main(["recipe", str(binary)]) == 2
        assert main(["check", str(binary)]) == 1
        said = capsys.readouterr()
        assert "usd-core" in said.err and "usd-core" in said.out
