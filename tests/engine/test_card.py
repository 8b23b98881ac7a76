"""The card: what is written is read back the same; whatever else is a CardError that names file and field."""

import contextlib
import copy
import dataclasses
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from blender_addon.engine.card import Input, MapSpec, Preview, dump_card, input_of, parse_card, parse_dim
from blender_addon.engine.errors import CardError
from tests.tiny import tiny_card
from tests.tiny_picture import picture_card

CARD = tiny_card(("base_color", "normal", "roughness"), ("brick", "moss"), 16, "tiny")
FIELDS = json.loads(dump_card(CARD))
PREVIEW = Preview(
    "small", 4, (MapSpec("base_color", (0, 3), "sRGB"), MapSpec("roughness", (3, 4), "Non-Color"))
)


def test_round_trip():
    assert parse_card(dump_card(CARD), "file") == CARD
    assert dump_card(parse_card(dump_card(CARD), "file")) == dump_card(CARD)
    assert (
        " "
        not in dump_card(dataclasses.replace(CARD, summary="x", provenance=CARD.provenance)).split("none:")[0]
    )


def test_round_trip_with_optional_keys_and_every_kind():
    more = (Input("w", "style", ("N", 10, 512), switch="use_w", returns="styles"),)
    card = dataclasses.replace(
        CARD, inputs=CARD.inputs + more, thumbnail="iVBORw0KGgo=", encoder={"a": 1}, preview=PREVIEW
    )
    assert parse_card(dump_card(card), "file") == card


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"takes": ("position", "object_normal", "ao", "curvature"), "gives": ("base_color", "roughness")},
        {"gives": ("normal", "height", "roughness"), "labels": ("moss", "snow")},
        {"scale": 4, "multiple_of": 8},
        {"takes": ("sketch",)},
        {"takes": ("luminance",)},
    ],
)
def test_round_trip_of_generators_that_take_a_picture(options):
    card = picture_card(**options)
    assert card.takes_picture and not CARD.takes_picture
    assert parse_card(dump_card(card), "file") == card


def test_the_picture_is_base_color_where_nobody_says_what_it_is():
    fields = json.loads(dump_card(picture_card()))
    del fields["inputs"][0]["maps"]
    image = parse_card(json.dumps(fields), "file").input("image")
    assert image.maps == () and image.picture_maps == (MapSpec("base_color", (0, 3), "sRGB"),)
    assert input_of(fields["inputs"][0]) == image


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"margin": ...}, r"inputs\[0\]\.margin: is missing"),
        ({"margin": 6}, r"inputs\[0\]\.margin: must be a multiple of multiple_of, 4"),
        (
            {"shape": ["N", 4, "h", "w"]},
            r"inputs\[0\]\.maps: the maps of the picture have 3 channels together",
        ),
        ({"maps": ..., "shape": ["N", 1, "h", "w"]}, r"inputs\[0\]\.shape: .* have 3 channels"),
        ({"shape": ["N", 3, 64, 64]}, r'inputs\[0\]\.shape: must end in "h", "w"'),
        ({"scale": ...}, r'output\.shape\[2\]: must be "h", since the image has a scale of 1'),
        ({"scale": 4}, r'output\.shape\[2\]: must be "h\*4", since the image has a scale of 4'),
        (
            {"maps": [{"name": "base_colour", "channels": [0, 3], "colorspace": "sRGB"}]},
            r"maps\[0\]\.name: 'base_colour' is not one of",
        ),
        (
            {"maps": [{"name": "sketch", "channels": [0, 3], "colorspace": "Non-Color"}]},
            r"gives sketch 3 channels; it has 1",
        ),
    ],
)
def test_a_picture_says_what_it_is(change, says):
    fields = json.loads(dump_card(picture_card(scale=2, multiple_of=4)))
    image = {**fields["inputs"][0], **change}
    fields["inputs"][0] = {key: value for key, value in image.items() if value is not ...}
    with pytest.raises(CardError, match=says):
        parse_card(json.dumps(fields), "f")


def test_what_a_generator_may_give_without_base_color():
    """Only one that takes a picture, which has a base colour; and no map that only goes in ever comes out."""
    fields = copy.deepcopy(FIELDS)
    fields["maps"] = fields["maps"][1:]
    with pytest.raises(CardError, match="must hold base_color"):
        parse_card(json.dumps(fields), "f")
    fields = json.loads(dump_card(picture_card(gives=("roughness",))))
    fields["maps"][0]["name"] = "curvature"
    with pytest.raises(CardError, match="'curvature' is not one of"):
        parse_card(json.dumps(fields), "f")


def test_the_preview_is_the_output_so_many_times_smaller():
    card = dataclasses.replace(CARD, preview=PREVIEW)
    assert card.output.shape == ("N", 7, "h*16", "w*16") and card.preview_shape == ("N", 4, "h*4", "w*4")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ...}, r"preview\.name: is missing"),
        ({"shape": ["N", 3, "h", "w"]}, r"preview\.shape: is not a key"),
        ({"name": "maps"}, r"preview\.name: 'maps' is also another name"),
        ({"name": "z"}, r"preview\.name: 'z' is also another name"),
        ({"scale": 1}, r"preview\.scale: must be between 2 and 64"),
        ({"scale": 2.5}, r"preview\.scale: must be a whole number"),
        ({"scale": 3}, r"preview\.scale: must divide the sides of the output, multiples of 16"),
        ({"maps": []}, r"preview\.maps: must have 1 to 3 entries"),
        (
            {"maps": [{"name": "height", "channels": [0, 1], "colorspace": "Non-Color"}]},
            r"preview\.maps\[0\]\.name: 'height' is not one of base_color, normal, roughness",
        ),
        (
            {"maps": [{"name": "roughness", "channels": [0, 1], "colorspace": "Non-Color"}]},
            r"preview\.maps: must hold base_color",
        ),
        (
            {"maps": [{"name": "base_color", "channels": [0, 1], "colorspace": "sRGB"}]},
            r"preview\.maps\[0\]\.channels: must be as many as base_color has in the output",
        ),
        (
            {"maps": [{"name": "base_color", "channels": [6, 9], "colorspace": "sRGB"}]},
            r"preview\.maps\[0\]\.channels: \[6, 9\] does not lie within",
        ),
    ],
)
def test_a_preview_says_what_it_is(change, says):
    fields = json.loads(dump_card(dataclasses.replace(CARD, preview=PREVIEW)))
    fields["preview"] = {
        key: value for key, value in {**fields["preview"], **change}.items() if value is not ...
    }
    with pytest.raises(CardError, match=says):
        parse_card(json.dumps(fields), "f")


def test_what_is_transparent_has_its_alpha_in_the_preview():
    fields = json.loads(dump_card(tiny_card(("base_color", "alpha"), (), 16, "tiny")))
    base = {"name": "base_color", "channels": [0, 3], "colorspace": "sRGB"}
    fields["preview"] = {"name": "small", "scale": 4, "maps": [base]}
    with pytest.raises(CardError, match=r"preview\.maps: must hold alpha"):
        parse_card(json.dumps(fields), "f")
    fields["preview"]["maps"].append({"name": "alpha", "channels": [3, 4], "colorspace": "Non-Color"})
    assert parse_card(json.dumps(fields), "f").preview.channels == 4


def test_what_changes_a_picture_has_no_preview():
    fields = json.loads(dump_card(picture_card()))
    fields["preview"] = json.loads(dump_card(dataclasses.replace(CARD, preview=PREVIEW)))["preview"]
    with pytest.raises(CardError, match="this one changes a picture"):
        parse_card(json.dumps(fields), "f")


def test_a_field_and_an_image_are_too_much():
    fields = copy.deepcopy(FIELDS)
    fields["inputs"] += json.loads(dump_card(picture_card()))["inputs"][:1]
    with pytest.raises(CardError, match="a field and an image"):
        parse_card(json.dumps(fields), "f")


def test_sizes_of_generators_that_take_a_picture():
    card = picture_card(scale=2, multiple_of=48, depth=1)
    assert (card.stride, card.scale, card.default_size, card.fixed_size) == (48, 2, 240, None)
    assert (CARD.scale, picture_card().stride, picture_card().default_size) == (1, 1, 256)


STYLE = {"name": "w", "kind": "style", "shape": ["N", 4, 8], "switch": "use_w", "returns": "styles"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"switch": ...}, "inputs[4].switch"),
        ({"returns": ...}, "inputs[4].returns"),
        ({"switch": "z"}, "inputs"),
        ({"returns": "maps"}, "inputs[4].returns"),
        ({"returns": "use_w"}, "inputs[4].returns"),
        ({"shape": ["N", 4]}, "inputs[4].shape"),
        ({"shape": ["N", 4, "d"]}, "inputs[4].shape"),
        ({"shape": ["N", 300, 8]}, "inputs[4].shape"),
    ],
)
def test_a_style_says_its_switch_and_what_it_returns(change, field):
    fields = copy.deepcopy(FIELDS)
    style = {key: value for key, value in {**STYLE, **change}.items() if value is not ...}
    fields["inputs"].append(style)
    with pytest.raises(CardError) as caught:
        parse_card(json.dumps(fields), "f")
    assert str(caught.value).startswith(f"f: {field}")


def test_one_style_at_most():
    fields = copy.deepcopy(FIELDS)
    fields["inputs"] += [STYLE, {**STYLE, "name": "v", "switch": "use_v", "returns": "more"}]
    with pytest.raises(CardError, match="more than one input of kind style"):
        parse_card(json.dumps(fields), "f")


def test_properties():
    assert CARD.labels == ("brick", "moss")
    assert CARD.map_names == ("base_color", "normal", "roughness")
    assert CARD.input("field").stride == CARD.stride == 16
    assert CARD.input("image") is None
    assert CARD.default_size == 256
    assert tiny_card(("base_color",), (), 48, "x").default_size == 240
    assert tiny_card(("base_color",), (), 512, "x").default_size == 512
    assert tiny_card(("base_color",), (), 16, "x").labels == ()


@pytest.mark.parametrize(("dim", "parsed"), [(7, (None, 7)), ("h", ("h", 1)), ("h*16", ("h", 16))])
def test_parse_dim(dim, parsed):
    assert parse_dim(dim) == parsed


@pytest.mark.parametrize(
    "dim", [0, -1, True, 1.5, None, "", "hw", "h*0", "h*-1", "h*16*2", "16*h", "h *16", [], "h*99999"]
)
def test_parse_dim_refuses(dim):
    with pytest.raises(ValueError):
        parse_dim(dim)


def edited(path, value):
    """The fields with one replaced (`value` is ... to delete it)."""
    fields = copy.deepcopy(FIELDS)
    place = fields
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(fields)


BAD = [
    (["schema"], 99, "schema"),
    (["schema"], 0, "schema"),
    (["schema"], "1", "schema"),
    (["schema"], True, "schema"),
    (["name"], ..., "name"),
    (["name"], "", "name"),
    (["name"], 5, "name"),
    (["name"], "a\u0000b", "name"),
    (["name"], "\ud800", "name"),
    (["surprise"], 1, "surprise"),
    (["inputs"], [], "inputs"),
    (["inputs"], {}, "inputs"),
    (["inputs", 0], 5, "inputs[0]"),
    (["inputs", 0, "kind"], "magic", "inputs[0].kind"),
    (["inputs", 0, "stride"], 16, "inputs[0].stride"),
    (["inputs", 0, "shape"], ["N"], "inputs[0].shape"),
    (["inputs", 0, "shape"], ["M", 8], "inputs[0].shape[0]"),
    (["inputs", 0, "shape"], ["N", 10**9], "inputs[0].shape[1]"),
    (["inputs", 0, "shape"], ["N", "d"], "inputs[0].shape[1]"),
    (["inputs", 0, "shape"], ["N", 8.0], "inputs[0].shape[1]"),
    (["inputs", 1, "stride"], 0, "inputs[1].stride"),
    (["inputs", 1, "stride"], ..., "inputs[1].stride"),
    (["inputs", 1, "margin"], -1, "inputs[1].margin"),
    (["inputs", 1, "shape"], ["N", 4, "h", "h"], "inputs[1].shape"),
    (["inputs", 1, "name"], "z", "inputs"),
    (["inputs", 2, "labels"], ["brick"], "inputs[2].labels"),
    (["inputs", 2, "labels"], ["brick", "brick"], "inputs[2].labels"),
    (["inputs", 2, "labels"], ["brick", 5], "inputs[2].labels[1]"),
    (["inputs", 2, "labels"], ["brick", ""], "inputs[2].labels[1]"),
    (["inputs", 3, "default"], 2, "inputs[3].default"),
    (["inputs", 3, "min"], "0", "inputs[3].min"),
    (["inputs", 3, "shape"], ["N", 2], "inputs[3].shape"),
    (["output", "name"], "z", "output.name"),
    (["output", "shape"], ["N", 7, "h*8", "w*16"], "output.shape[2]"),
    (["output", "shape"], ["N", 7, 256, 256], "output.shape[2]"),
    (["output", "shape"], ["N", 7, "q*16", "w*16"], "output.shape[2]"),
    (["output", "shape"], ["N", 10**7, "h*16", "w*16"], "output.shape[1]"),
    (["output", "range"], [1, -1], "output.range"),
    (["output", "range"], [0], "output.range"),
    (["output", "range"], [0, 1e31], "output.range[1]"),
    (["output", "range"], [0, float("inf")], "card: holds Infinity"),
    (["maps"], [], "maps"),
    (["maps", 0, "channels"], [0, 9], "maps[0].channels"),
    (["maps", 0, "channels"], [0, 2], "maps[0].channels"),
    (["maps", 0, "channels"], [3, 0], "maps[0].channels"),
    (["maps", 1, "channels"], [0, 3], "maps[1].channels"),
    (["maps", 0, "colorspace"], "Non-Color", "maps[0].colorspace"),
    (["maps", 1, "colorspace"], "sRGB", "maps[1].colorspace"),
    (["maps", 1, "name"], "emission", "maps[1].name"),
    (["maps", 0], ..., "maps"),
    (["tileable"], 1, "tileable"),
    (["pixels_per_metre"], 0, "pixels_per_metre"),
    (["pixels_per_metre"], "256", "pixels_per_metre"),
    (["provenance", "dataset_sha256"], "xyz", "provenance.dataset_sha256"),
    (["provenance", "licences"], [], "provenance.licences"),
    (["provenance", "licences", "CC0-1.0"], "many", "provenance.licences.CC0-1.0"),
    (["provenance", "authors"], "me", "provenance.authors"),
    (["provenance", "steps"], -1, "provenance.steps"),
    (["provenance", "steps"], 10**400, "provenance.steps"),
    (["provenance", "measures"], {"a": [[1]]}, "provenance.measures"),
    (["provenance", "versions"], {"torch": 2}, "provenance.versions.torch"),
    (["test_vector", "seed"], -1, "test_vector.seed"),
    (["test_vector", "seed"], 2**64, "test_vector.seed"),
    (["test_vector", "mean"], [0.0], "test_vector.mean"),
    (["test_vector", "std"], [-1.0] * 448, "test_vector.std[0]"),
    (["test_vector", "cpu_tolerance"], 5, "test_vector.cpu_tolerance"),
    (["test_vector", "gpu_tolerance"], ..., "test_vector.gpu_tolerance"),
    (["thumbnail"], 5, "thumbnail"),
    (["thumbnail"], "R0lGODlh", "thumbnail"),
    (["thumbnail"], "iVBORw0KGgo=!", "thumbnail"),
    (["encoder"], "x", "encoder"),
]


@pytest.mark.parametrize(("path", "value", "field"), BAD, ids=lambda v: str(v)[:40])
def test_bad_field_is_named(path, value, field):
    with pytest.raises(CardError) as caught:
        parse_card(edited(path, value), "some file.onnx")
    assert str(caught.value).startswith(f"some file.onnx: {field}")


def test_newer_schema_says_which():
    with pytest.raises(CardError, match="schema 99"):
        parse_card(edited(["schema"], 99), "f")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "5",
        "null",
        "[" * 100_000,
        '{"schema": NaN}',
        '{"schema": 1, "schema": 1}',
        '{"schema": ' + "9" * 5000 + "}",
        "x" * 9_000_000,
    ],
    ids=lambda t: t[:12],
)
def test_not_a_card(text):
    with pytest.raises(CardError):
        parse_card(text, "f")


def test_many_labels_are_read_fast():
    """65536 labels are allowed; comparing each with each would take minutes."""
    card = tiny_card(("base_color",), tuple(f"l{i}" for i in range(65536)), 16, "many")
    assert len(parse_card(dump_card(card), "f").labels) == 65536


def test_dump_refuses_what_parse_refuses():
    with pytest.raises(CardError, match="pixels_per_metre"):
        dump_card(dataclasses.replace(CARD, pixels_per_metre=-1.0))
    with pytest.raises(CardError):
        dump_card(dataclasses.replace(CARD, pixels_per_metre=float("nan")))


def test_damaged_text_is_a_card_error():
    text, rng = dump_card(CARD), random.Random(1)
    for _ in range(300):
        damaged = list(text[: rng.randrange(len(text))] if rng.random() < 0.3 else text)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = chr(
                rng.choice([0, 34, 44, 45, 57, 91, 93, 101, 123, 125, 300])
            )
        with contextlib.suppress(CardError):
            parse_card("".join(damaged), "f")


def test_a_number_beyond_float_is_refused():
    text = edited(["output", "range"], [0, 12345]).replace("12345", "1e999")
    with pytest.raises(CardError, match=r"output\.range\[1\]"):
        parse_card(text, "f")


# fmt: off
STDLIB_FILES = (
    "card, card_reader, errors, files, seeds, onnx_file, sizes, request, surface_request, "
    "match, library, glb, recipe, providers"
)
# fmt: on


def test_standard_library_is_enough():
    """-S takes site-packages away, -I the user's: there is no numpy to import."""
    root = str(Path(__file__).parents[2])
    code = f"import sys; sys.path.insert(0, {root!r}); from blender_addon.engine import {STDLIB_FILES}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
