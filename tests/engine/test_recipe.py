"""Recipes: written, found again in every kind of file, and refused when they are not ours."""

import contextlib
import dataclasses
import json
import random
import struct

import numpy as np
import pytest

from blender_addon.engine import png, recipe
from blender_addon.engine.errors import GanCubeError, RecipeError
from blender_addon.engine.glb import read_glb, write_glb
from blender_addon.engine.surface_request import SurfaceRequest
from tests.tiny import tiny_card

CARD = tiny_card(("base_color",), ("brick", "moss", "sand"), 16, "tiny")
REQUEST = SurfaceRequest("tiny", seed=2**64 - 1, size=64, scalars={"psi": 0.5}).to_request(CARD)
RECIPE = recipe.Recipe(
    model={"name": "tiny", "sha256": "0" * 64},
    seed=2**64 - 1,
    label=None,
    face_seeds=REQUEST.seeds,
    face_labels=REQUEST.labels,
    size=64,
    settings={"scalars": {"psi": 0.5}, "provider": "cpu"},
    versions={"gancube": "0.1.0", "numpy": "1.26.4"},
)
TEXT = recipe.dumps(RECIPE)


def test_round_trip():
    assert recipe.loads(TEXT) == RECIPE
    assert recipe.dumps(recipe.loads(TEXT)) == TEXT
    assert TEXT.isascii() and '"made_by":"made by a trained generator"' in TEXT
    no_labels = dataclasses.replace(RECIPE, face_labels=(None,) * 6)
    assert recipe.loads(recipe.dumps(no_labels)) == no_labels
    umlaut = dataclasses.replace(RECIPE, label="B\u00e4ckerei")
    assert recipe.loads(recipe.dumps(umlaut)) == umlaut


def test_a_look_of_its_own_is_kept():
    """A mixture of labels and a latent, as `gan-train project` finds them for a photo."""
    mixture = {"brick": 0.75, "moss": 0.25}
    asked = SurfaceRequest("tiny", label=mixture, latents={"z": [0.5] * 8}).to_request(CARD)
    assert asked.labels == (mixture,) * 6 and asked.latents == {"z": [0.5] * 8}
    settings = {**RECIPE.settings, "latents": asked.latents}
    made = dataclasses.replace(RECIPE, label=mixture, face_labels=asked.labels, settings=settings)
    again = recipe.loads(recipe.dumps(made))
    assert again == made and again.to_request().latents == asked.latents
    for wrong in ({"z": 1}, {"z": ["x"]}, {"z": [1e40]}, {"": [1]}, []):
        with pytest.raises(RecipeError, match="settings"):
            recipe.dumps(dataclasses.replace(RECIPE, settings={**RECIPE.settings, "latents": wrong}))
    with pytest.raises(RecipeError, match=r"label\.brick"):
        recipe.dumps(dataclasses.replace(RECIPE, label={"brick": "much"}))


def test_the_same_request_comes_out():
    assert RECIPE.to_request().to_request(CARD) == REQUEST
    assert RECIPE.to_request("other.onnx").model == "other.onnx"


def test_styles_are_kept_those_of_single_faces_too():
    own = [None, {"seed": 9, "layer": 1}, None, None, None, {"seed": 0, "layer": 3}]
    made = dataclasses.replace(RECIPE, settings={**RECIPE.settings, "face_styles": own})
    assert recipe.loads(recipe.dumps(made)).to_request().face_styles == (
        None,
        (9, 1),
        None,
        None,
        None,
        (0, 3),
    )
    for wrong in (
        own[:5],
        {"0": own[1]},
        [9, *own[1:]],
        [{"seed": 9}, *own[1:]],
        [{"seed": -1, "layer": 0}] * 6,
    ):
        with pytest.raises(RecipeError, match="face_styles"):
            recipe.dumps(dataclasses.replace(made, settings={**RECIPE.settings, "face_styles": wrong}))
    with pytest.raises(RecipeError, match="style"):
        recipe.dumps(dataclasses.replace(RECIPE, settings={**RECIPE.settings, "style": None}))


def test_a_walk_and_a_surface_are_kept():
    settings = {**RECIPE.settings, "walk": {"toward": 9, "share": 0.25}}
    made = recipe.loads(recipe.dumps(dataclasses.replace(RECIPE, settings=settings)))
    assert (made.to_request().toward, made.to_request().walk) == (9, 0.25)
    for wrong in (
        {"toward": 9},
        {"toward": -1, "share": 0.5},
        {"toward": 1, "share": 0},
        {"toward": 1, "share": True},
    ):
        with pytest.raises(RecipeError, match="walk"):
            recipe.dumps(dataclasses.replace(RECIPE, settings={**RECIPE.settings, "walk": wrong}))
    pool = dataclasses.replace(RECIPE, kind="faces", face_seeds=(1, 2, 3), face_labels=("brick",) * 3)
    assert recipe.loads(recipe.dumps(pool)).to_request().count == 3
    for kind, count in (("tile", 2), ("cube", 3), ("faces", 65), ("faces", 0)):
        wrong = dataclasses.replace(
            RECIPE, kind=kind, face_seeds=(1,) * count, face_labels=("brick",) * count
        )
        with pytest.raises(RecipeError, match="face_seeds"):
            recipe.dumps(wrong)
    with pytest.raises(RecipeError):
        recipe.loads(TEXT.replace('"cube"', '["cube"]'))


def test_read_from_every_file(tmp_path):
    (tmp_path / "r.json").write_text(TEXT)
    (tmp_path / "r.png").write_bytes(png.encode(np.zeros((2, 2, 3), np.uint8), {"gancube": TEXT}))
    write_glb(tmp_path / "asset.glb", {"asset": {"version": "2.0", "extras": {"gancube": TEXT}}}, b"abc")
    write_glb(
        tmp_path / "node.GLB",
        {"asset": {"version": "2.0"}, "nodes": [{}, {"extras": {"gancube": TEXT}}]},
        b"",
    )
    for name in ("r.json", "r.png", "asset.glb", "node.GLB"):
        assert recipe.read(tmp_path / name) == RECIPE, name


def test_glb_round_trip(tmp_path):
    content = {"asset": {"version": "2.0"}, "b": ["\u7816", 1.5], "a": None}
    for binary in (b"", b"1234", b"12345"):
        write_glb(tmp_path / "f.glb", content, binary)
        again, body = read_glb(tmp_path / "f.glb")
        assert again == content and list(again) == list(content)
        assert body == binary + b"\0" * (-len(binary) % 4)
        first = (tmp_path / "f.glb").read_bytes()
        assert struct.unpack_from("<I", first, 8)[0] == len(first) and len(first) % 4 == 0
        write_glb(tmp_path / "g.glb", again, body)
        assert (tmp_path / "g.glb").read_bytes() == first


def edited(**changes):
    fields = json.loads(TEXT)
    for key, value in changes.items():
        if value is ...:
            del fields[key]
        else:
            fields[key] = value
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "sphere"}, "recipe"),
        ({"made_by": "hand"}, "recipe"),
        ({"seed": ...}, "seed"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"seed": 1.0}, "seed"),
        ({"size": 0}, "size"),
        ({"size": True}, "size"),
        ({"date": "today"}, "date"),
        ({"model": {"name": "x"}}, "model"),
        ({"model": {"name": "x", "sha256": "no"}}, "model.sha256"),
        ({"model": {"name": 5, "sha256": "0" * 64}}, "model.name"),
        ({"face_seeds": [1, 2]}, "face_seeds"),
        ({"face_seeds": [1, 2, 3, 4, 5, "6"]}, r"face_seeds\[5\]"),
        ({"face_labels": "brick"}, "face_labels"),
        ({"face_labels": [1] * 6}, r"face_labels\[0\]"),
        ({"label": ["brick"]}, "label"),
        ({"settings": {}}, "settings"),
        ({"settings": {"scalars": {}, "provider": "quantum"}}, "settings.provider"),
        ({"settings": {"scalars": {}, "provider": ["cpu"]}}, "settings.provider"),
        ({"settings": {"scalars": {"psi": "x"}, "provider": "cpu"}}, "settings.scalars.psi"),
        ({"settings": {"scalars": {"psi": 1e400}, "provider": "cpu"}}, "recipe"),
        ({"versions": {"numpy": 1}}, "versions.numpy"),
        ({"versions": []}, "versions"),
    ],
    ids=str,
)
def test_bad_field_is_named(changes, field):
    with pytest.raises(RecipeError, match=f"^a file: {field}"):
        recipe.loads(edited(**changes), "a file")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", "[" * 100_000, TEXT[:-1] + ',"seed":1}', "x" * 300_000], ids=lambda t: t[:9]
)
def test_no_recipe(text):
    with pytest.raises(RecipeError):
        recipe.loads(text)


def test_dumps_refuses_what_loads_refuses():
    with pytest.raises(RecipeError, match="size"):
        recipe.dumps(dataclasses.replace(RECIPE, size=0))
    with pytest.raises(RecipeError):
        recipe.dumps(
            dataclasses.replace(RECIPE, settings={"scalars": {"psi": float("nan")}, "provider": "cpu"})
        )


def test_files_without_a_recipe(tmp_path):
    (tmp_path / "r.png").write_bytes(png.encode(np.zeros((2, 2, 3), np.uint8)))
    write_glb(tmp_path / "r.glb", {"asset": {}, "nodes": 5}, b"")
    write_glb(tmp_path / "number.glb", {"asset": {"extras": {"gancube": 5}}}, b"")
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe")
    (tmp_path / "text.png").write_text("x")
    (tmp_path / "text.glb").write_text("x")
    (tmp_path / "r.txt").write_text(TEXT)
    (tmp_path / "folder.json").mkdir()
    for name in (
        "r.png",
        "r.glb",
        "number.glb",
        "latin.json",
        "text.png",
        "text.glb",
        "r.txt",
        "folder.json",
        "none.glb",
    ):
        with pytest.raises(RecipeError, match=name):
            recipe.read(tmp_path / name)


def test_a_large_json_is_not_read(tmp_path):
    with open(tmp_path / "r.json", "wb") as file:
        file.truncate(10**9)
    with pytest.raises(RecipeError, match="too large"):
        recipe.read(tmp_path / "r.json")


def test_damage_is_always_our_error(tmp_path):
    write_glb(tmp_path / "r.glb", {"asset": {"extras": {"gancube": TEXT}}}, b"12345678")
    files = {
        "d.glb": (tmp_path / "r.glb").read_bytes(),
        "d.png": png.encode(np.zeros((9, 9, 3), np.uint8), {"gancube": TEXT}),
        "d.json": TEXT.encode(),
    }
    rng = random.Random(3)
    for name, good in files.items():
        for i in range(100):
            data = bytearray(good[: rng.randrange(len(good))] if i % 3 == 0 else good)
            for _ in range(rng.randrange(1, 4)):
                if data:
                    data[rng.randrange(len(data))] = rng.randrange(256)
            (tmp_path / name).write_bytes(data)
            with contextlib.suppress(GanCubeError):
                recipe.read(tmp_path / name)


def test_settings_of_single_images():
    own = {"scalars": {"psi": 0.5}, "toward": 9, "walk": 0.25}
    settings = {**RECIPE.settings, "face_settings": [None, own, *[None] * 4]}
    made = recipe.loads(recipe.dumps(dataclasses.replace(RECIPE, settings=settings)))
    assert made.to_request().face_settings == (None, own, None, None, None, None)
    for wrong in ({}, {**own, "walk": 5}, {**own, "toward": -1}, {**own, "scalars": {"psi": "x"}}, 3):
        settings["face_settings"][1] = wrong
        with pytest.raises(RecipeError, match="face_settings"):
            recipe.dumps(dataclasses.replace(RECIPE, settings=settings))


def test_merged_takes_some_images_and_refuses_what_does_not_fit():
    style = {"seed": 5, "layer": 1}
    made = dataclasses.replace(
        RECIPE,
        face_seeds=(7,) * 6,
        settings={**RECIPE.settings, "provider": "cuda", "face_styles": [style] * 6},
    )
    both = recipe.loads(recipe.dumps(recipe.merged(RECIPE, made, [2])))
    assert both.face_seeds == (*RECIPE.face_seeds[:2], 7, *RECIPE.face_seeds[3:])
    assert both.settings["face_styles"] == [None, None, style, None, None, None]
    with pytest.raises(RecipeError, match="changed meanwhile"):
        recipe.merged(RECIPE, dataclasses.replace(made, seed=RECIPE.seed + 1), [2])


def test_steps_of_a_chain_are_read_strictly():
    step = {"model": {"name": "looks", "sha256": "a" * 64}, "label": "moss", "scalars": {"strength": 0.5}}
    step |= {"seed": 3, "tiles": True, "provider": "cpu"}
    changed = dataclasses.replace(RECIPE, settings={**RECIPE.settings, "transform": [step]})
    assert recipe.loads(recipe.dumps(changed)) == changed
    for fault in (
        [],
        [{**step, "more": 1}],
        [{**step, "seed": -1}],
        [{**step, "provider": "abacus"}],
        {},
        "x",
    ):
        with pytest.raises(RecipeError, match=r"settings\.transform"):
            recipe.dumps(dataclasses.replace(RECIPE, settings={**RECIPE.settings, "transform": fault}))
    # one image made anew would lack what the others had
    with pytest.raises(RecipeError, match="Change all of them"):
        recipe.merged(changed, RECIPE, [2])
    assert recipe.merged(changed, RECIPE, range(len(RECIPE.face_seeds))) == RECIPE
