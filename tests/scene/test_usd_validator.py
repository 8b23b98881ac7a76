"""UsdValidation of Pixar's own library is content: no errors, no warnings, of any validator it has."""

import pytest

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
