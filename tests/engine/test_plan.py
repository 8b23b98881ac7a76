"""Plans: what they expand to, and that every fault is found, with its place."""

import json
import os
from dataclasses import replace

import pytest

from blender_addon.engine import plan, plan_reader
from blender_addon.engine.errors import PlanError
from blender_addon.engine.plan_source import json_lines, read_source, toml_lines
from blender_addon.engine.seeds import MASK, parse_seed
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture

WHOLE = """\
layout = "flat"
sizes = 64
tags = ["wall", "old town"]

[[assets]]
targets = ["cube", "sphere"]
models = "tiny"
labels = ["brick", "moss"]
seeds = ["1-3", 10]
formats = ["glb", "png"]

[[assets]]
targets = "barrel.obj"
models = ["tiny", "pbr"]
mode = "tile"
width = 0.5
seeds = "rainy day"
name = "barrels/{model}-{index:03}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_tiny(folder / "tiny.onnx")
    make_tiny(folder / "pbr.onnx", maps=("base_color", "roughness"), name="pbr", labels=())
    (folder / "barrel.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    return folder


@pytest.fixture
def read(folder):
    """read(text, suffix) -> the plan."""

    def run(text: str, suffix: str = ".toml") -> plan.Plan:
        path = folder / f"plan{suffix}"
        path.write_text(text, encoding="utf-8")
        return plan_reader.read_plan(read_source(path), [folder])

    return run


@pytest.fixture
def faults(read, folder):
    """faults(text) -> the sentences, without the folder before the file's name."""

    def run(text: str, suffix: str = ".toml") -> list[str]:
        with pytest.raises(PlanError) as error:
            read(text, suffix)
        return [sentence.removeprefix(f"{folder}{os.sep}") for sentence in error.value.faults]

    return run


def test_everything_is_combined_in_a_fixed_order(read):
    made = read(WHOLE)
    assert made.layout == "flat" and made.provider == "auto"
    names = [asset.name for asset in made.assets]
    assert names[:5] == ["cube-brick-1", "cube-brick-2", "cube-brick-3", "cube-brick-10", "cube-moss-1"]
    assert len(names) == 2 * 2 * 4 + 2 and names[-2:] == ["barrels/tiny-017", "barrels/pbr-018"]
    first, last = made.assets[0], made.assets[-1]
    assert (first.request.surface, first.request.label, first.request.size) == ("cube", "brick", 64)
    assert made.assets[8].request.surface == "faces" and made.assets[8].request.images == 6
    assert (last.request.surface, last.target.mode, last.target.width) == ("tile", "tile", 0.5)
    assert last.request.seed == parse_seed("rainy day") and last.tags == ("wall", "old town")
    assert read(WHOLE) == made


def test_the_three_kinds_of_file_say_the_same(read):
    toml = read('[[assets]]\nmodels = "tiny"\nlabels = ["brick", "moss"]\nseeds = "1-2"\nvariations = 2\n')
    listed = [{"models": "tiny", "labels": ["brick", "moss"], "seeds": "1-2", "variations": 2}]
    assert read(json.dumps(listed), ".json") == toml
    assert read(json.dumps({"assets": listed}, indent=1), ".json") == toml
    assert read("models,labels,seeds,variations\ntiny,brick;moss,1-2,2\n\n", ".csv") == toml


def test_variations_have_seeds_of_their_own(read):
    made = read('[[assets]]\nmodels = "tiny"\nseeds = 7\nvariations = 3\n')
    seeds = [asset.request.seed for asset in made.assets]
    assert seeds[0] == 7 and len(set(seeds)) == 3 and seeds[1] == plan.varied(7, 1) == 0x44C3CD7F43C661C
    assert [asset.name for asset in made.assets] == ["cube-7-1", "cube-7-2", "cube-7-3"]


def test_in_turn_there_is_one_asset_a_seed(read):
    made = read('[[assets]]\nmodels="tiny"\nlabels=["brick","moss"]\nseeds="1-5"\ncombine="turn"\n')
    assert [a.request.label for a in made.assets] == ["brick", "moss", "brick", "moss", "brick"]


def test_the_key_knows_what_is_made_and_not_where(read, folder, tmp_path_factory):
    made = read(WHOLE).assets
    assert len({asset.key() for asset in made}) == len(made)
    other = tmp_path_factory.mktemp("elsewhere")
    for name in ("tiny.onnx", "pbr.onnx", "barrel.obj"):
        (other / name).write_bytes((folder / name).read_bytes())
    (other / "plan.toml").write_text(WHOLE)
    again = plan_reader.read_plan(read_source(other / "plan.toml"), [other]).assets
    assert [a.key() for a in again] == [a.key() for a in made]
    (other / "barrel.obj").write_text("v 0 0 0\nv 2 0 0\nv 0 1 0\nf 1 2 3\n")
    changed = plan_reader.read_plan(read_source(other / "plan.toml"), [other]).assets
    assert changed[-1].key() != made[-1].key() and changed[0].key() == made[0].key()


def test_every_fault_at_once_with_its_line(faults):
    found = faults(
        """\
layuot = "flat"
formats = ["glb", "stl"]

[[assets]]
models = "tinny"
seeds = "5-1"
labels = []
variations = "two"

[[assets]]
models = "tiny"
labels = ["brick", "gravel"]
seeds = [1, 2.5, 36893488147419103232, "1-99999999999999999999"]
sizes = [64, 65]
targets = ["cubes", "nowhere.glb"]
texture = "gif"
tags = 7
scalars = { chi = 1.0 }
mode = "triplanar"

[[assets]]
models = "tiny"
name = "../{seed}"
"""
    )
    wanted = [
        ("plan.toml:1: layuot:", "Is it 'layout'?"),
        ("plan.toml:2: formats[1]:", "'stl'"),
        ("plan.toml:5: assets[0].models:", "tinny"),
        ("plan.toml:6: assets[0].seeds:", "backwards"),
        ("plan.toml:7: assets[0].labels:", "empty list"),
        ("plan.toml:8: assets[0].variations:", "'two'"),
        ("plan.toml:12: assets[1].labels[1]:", "gravel"),
        ("plan.toml:13: assets[1].seeds[1]:", "2.5"),
        ("plan.toml:13: assets[1].seeds[2]:", "36893488147419103232"),
        ("plan.toml:13: assets[1].seeds[3]:", "64 bits"),
        ("plan.toml:14: assets[1].sizes[1]:", "multiples of 16"),
        ("plan.toml:15: assets[1].targets[0]:", "'cubes'"),
        ("plan.toml:15: assets[1].targets[1]:", "nowhere.glb"),
        ("plan.toml:16: assets[1].texture:", "gif"),
        ("plan.toml:17: assets[1].tags:", "7"),
        ("plan.toml:18: assets[1].scalars.chi:", "chi"),
        ("plan.toml:19: assets[1].mode:", "triplanar"),
        ("plan.toml:23: assets[2].name:", "output folder"),
    ]
    for place, word in wanted:
        assert any(place in sentence and word in sentence for sentence in found), (place, word, found)
    places = [sentence.split(": ")[0] for sentence in found]
    assert places == sorted(places, key=lambda place: int(place.split(":")[1]))


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "must be a list of tables"),
        ("assets = []", "empty list"),
        ("assets = 3", "must be a list of tables"),
        ("[[assets]\n", "plan.toml:1: is not TOML"),
        ('[[assets]]\nmodels="tiny"\nseeds="1-2"\nname="cube"', "two assets are called 'cube'"),
        ('[[assets]]\nmodels="tiny"\nname="A"\n[[assets]]\nmodels="tiny"\nname="a"', "two assets are called 'a'"),
        ('[[assets]]\nmodels="tiny"\nname="a"\n[[assets]]\nmodels="tiny"\nname="a/b"', "folder of another asset"),
        ('[[assets]]\nmodels="tiny"\nname="/etc/{seed}"', "output folder"),
        ('[[assets]]\nmodels="tiny"\nname="C:x"', "output folder"),
        ('[[assets]]\nmodels="tiny"\nname="a/../../b"', "output folder"),
        ('[[assets]]\nmodels="tiny"\nname="con"', "device"),
        ('[[assets]]\nmodels="tiny"\nname="Report.html"', "of the run itself, report.html"),
        ('[[assets]]\nmodels="tiny"\nname="report.jsonl/{seed}"', "of the run itself"),
        ('[[assets]]\nmodels="tiny"\nname="contact_sheet.png"', "of the run itself"),
        ('[[assets]]\nmodels="tiny"\nname="blender_assets.cats.TXT"', "of the run itself"),
        ('[[assets]]\nmodels="tiny"\nname=".GanCube/x"', "begins or ends with a dot"),
        (f'[[assets]]\nmodels="tiny"\nname="a/{"煉" * 67}"', "longer than 200 bytes"),
        ('layout="flat"\n[[assets]]\nmodels="tiny"\nname="a"\n[[assets]]\nmodels="tiny"\nname="A_Textures/b"',
         "among the textures of 'a'"),
        ('[[assets]]\nmodels="tiny"\nscalars={psi=1.5}', "assets[0].scalars.psi: setting psi = 1.5"),
        ('[[assets]]\nmodels="tiny"\nscalars={psi="much"}', "assets[0].scalars.psi: 'much' must be a number"),
        ('[[assets]]\nmodels="tiny"\nlabels=["moss",{brick=1, moss=-1}]', "assets[0].labels[1]: label 'moss': its"),
        ('[[assets]]\nmodels="tiny"\nlabels={gravel=1}', "assets[0].labels: label 'gravel'"),
        ('[[assets]]\nmodels="tiny"\nlabels={brick=0, moss=0}', "assets[0].labels: the weights of the labels"),
        ('[[asset]]\nmodels="tiny"', "plan.toml:1: asset: is not a key of a plan. Is it 'assets'?"),
        ('[[assets]]\nmodels="tiny"\nname="{nothing}"', "{nothing} is not known"),
        ('[[assets]]\nmodels="tiny"\nname="{seed.real}"', "not known"),
        ('[[assets]]\nmodels="tiny"\nname="{label:5}"', "no form"),
        ('[[assets]]\nmodels="tiny"\nname="{seed:999999999}"', "no form"),
        ('[[assets]]\nmodels="tiny"\nname="{seed"', "no template"),
        ('[[assets]]\nmodels="tiny"\nseeds="1-2000000"', "more than 1000000 seeds"),
        ('[[assets]]\nmodels="pbr"\nlabels="brick"', "has no labels"),
        ('[[assets]]\nmodels="tiny"\nformats=["png"]\ntexture="webp"', "none of the formats can hold it"),
        ('[[assets]]\nmodels="tiny"\nformats=["glb","glb"]', "assets[0].formats[1]: 'glb' stands there twice"),
        ('[[assets]]\nmodels="tiny"\nwidth=nan', "nan"),
        ('[[assets]]\nmodels="tiny"\nvariations=true', "True"),
    ],
)  # fmt: skip
def test_each_bad_plan_is_refused(faults, text, words):
    assert any(words in sentence for sentence in faults(text)), faults(text)


def test_a_name_of_the_run_is_free_below_a_folder(read):
    assert read('[[assets]]\nmodels="tiny"\nname="x/report.html"').assets[0].name == "x/report.html"
    assert (
        len(
            read('[[assets]]\nmodels="tiny"\nname="a"\n[[assets]]\nmodels="tiny"\nname="a_textures/b"').assets
        )
        == 2
    )


def test_every_name_that_another_has_is_told_with_its_place(faults):
    group = '[[assets]]\nmodels="tiny"\nseeds="1-3"\nname="x-{seed}"\n'
    found = faults(group + '[[assets]]\nmodels="tiny"\nname="y"\n' + group + group)
    assert len(found) == 6 and all("two assets are called 'x-" in one for one in found)
    assert [one.split(": ")[1] for one in found] == ["assets[2].name"] * 3 + ["assets[3].name"] * 3
    assert found[0].startswith("plan.toml:11: ") and found[0].endswith("plan.toml:4: assets[0].name.")
    found = faults(
        '[[assets]]\nmodels="tiny"\nseeds="1-500"\nname="{seed:1}"\n' + 2 * group.replace("3", "400")
    )
    assert len(found) == plan_reader.MOST_FAULTS + 1 and "faults more" in found[-1]


@pytest.mark.parametrize("text", ["1..20", "1\u201320", "1,2,3", "20 - ", "1:20", "1 20", "1.5", "-1-20"])
def test_a_range_that_is_mistyped_is_no_word(faults, text):
    found = faults(f'[[assets]]\nmodels="tiny"\nseeds=["5-6","{text}"]')
    assert len(found) == 1 and "assets[0].seeds[1]: " in found[0] and '"1-20"' in found[0]


def test_words_and_numbers_are_seeds(read):
    for text, seed in (
        ("7", 7),
        ("-1", MASK),
        ("v1", parse_seed("v1")),
        ("2024-05 rain", parse_seed("2024-05 rain")),
    ):
        assert read(f'[[assets]]\nmodels="tiny"\nseeds="{text}"').assets[0].request.seed == seed


def test_cells_of_a_csv(read, faults):
    made = read("models,name,tags,scalars,seeds\ntiny,007,1;2,psi=0.5,3\n", ".csv").assets
    assert (made[0].name, made[0].tags, made[0].request.scalars) == ("007", ("1", "2"), {"psi": 0.5})
    assert made[0].request.seed == 3
    assert "assets[0].scalars.x: 'x' is none" in faults("models,scalars\ntiny,psi=0.5;x=1\n", ".csv")[0]
    assert "psi=0.5;x=1" in faults("models,scalars\ntiny,psi\n", ".csv")[0]


def test_seeds_of_more_than_64_bits_are_refused_and_the_largest_is_not(read, faults):
    assert read(f'[[assets]]\nmodels="tiny"\nseeds="{MASK - 1}-{MASK}"').assets[-1].request.seed == MASK
    assert "out of range" in faults(f'[[assets]]\nmodels="tiny"\nseeds={MASK + 1}')[0]


def test_faults_of_json_and_csv_have_lines_too(faults):
    text = '[\n {"models": "tiny"},\n {"models": "tiny",\n  "seeds": ["3-1"]}\n]'
    assert faults(text, ".json")[0].startswith("plan.json:4: assets[1].seeds[0]: ")
    assert faults("[\n {]\n", ".json")[0].startswith("plan.json:2: is not JSON")
    assert faults("models,seeds\ntiny,1\ntiny,3-1\n", ".csv")[0].startswith(
        "plan.csv:3: assets[1].seeds[0]: "
    )
    assert "3 cells for 2 columns" in faults("models,seeds\ntiny,1,4\n", ".csv")[0]
    assert "none of them twice" in faults("models,models\ntiny,1\n", ".csv")[0]


def test_files_that_are_no_plans(tmp_path):
    for name, content in (("a.toml", b"\xff\xfe\x00"), ("b.yaml", b"x"), ("c.toml", None), ("d.json", b"[1")):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(PlanError):
            read_source(tmp_path / name)


def test_lines_of_toml():
    text = (
        'a = 1\n"b c".d = """\nx = 3\n[no]\n"""\n[t.u]\n'
        'e = [\n  1, # ]\n  "]", 2,\n]\nf = "\\"["\n[[v]]\ng=1\n[[v]]\ng=2\n[v.w]\nh=1\n'
    )
    lines = toml_lines(text)
    assert lines["a",] == 1 and lines["b c", "d"] == 2 and ("x",) not in lines and ("no",) not in lines
    assert lines["t", "u", "e"] == 7 and lines["t", "u", "f"] == 11
    assert lines["v", 0, "g"] == 13 and lines["v", 1, "g"] == 15 and lines["v", 1, "w", "h"] == 17


def test_lines_of_json():
    lines = json_lines('{"a": [1,\n {"b": "x\\"{"},\n 3], "c": {\n"d": null}}')
    assert lines["a",] == 1 and lines["a", 1, "b"] == 2 and lines["c",] == 3 and lines["c", "d"] == 4
    assert lines["a", 0] == 1 and lines["a", 2] == 3
    assert json_lines('[\n"a,]", [\n1\n]]') == {(0,): 2, (1,): 2, (1, 0): 3}


def test_a_key_that_stands_twice_in_json(faults):
    assert faults('{"assets": [\n{"seeds": 1,\n"seeds": 2}]}', ".json")[0].startswith(
        "plan.json:3: seeds: stands twice"
    )


def test_twenty_thousand_assets(read):
    made = read('[[assets]]\nmodels="tiny"\nseeds="1-10000"\nlabels=["brick","moss"]')
    assert len(made.assets) == 20_000


@pytest.fixture(scope="module")
def takers(folder):
    make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(folder / "relief.onnx", gives=("height", "roughness"))
    make_tiny_picture(folder / "filled.onnx", takes=("height",), gives=("base_color",))
    make_tiny_picture(folder / "large.onnx", scale=4)
    return folder


CHAIN = '[[assets]]\nmodels="tiny"\nsizes=64\ntransform={}\n'


def test_a_chain_of_generators(read, takers):
    step = '{ model = "looks", label = "snow", strength = 0.5, seed = 3 }'
    (asset,) = read(CHAIN.format(f'["relief.onnx", {step}, "looks", "filled"]')).assets
    assert [one.model for one in asset.transform] == ["relief", "looks", "looks", "filled"]
    one = asset.transform[1]
    assert (one.label, one.strength, one.seed) == ("snow", 0.5, 3) and one.file.endswith("looks.onnx")
    (plain,) = read('[[assets]]\nmodels="tiny"\nsizes=64\n').assets
    assert plain.transform == () and plain.key() != asset.key()
    (other,) = read(CHAIN.format('["relief", "looks"]')).assets
    assert len({asset.key(), other.key(), plain.key()}) == 3
    (listed,) = read("models,sizes,transform\ntiny,64,relief;looks\n", ".csv").assets
    assert listed.transform == other.transform
    assert replace(other, transform=tuple(replace(s, file="x") for s in other.transform)).key() == other.key()


@pytest.mark.parametrize(
    "chain, sentence",
    [
        ("[]", "must have 1 to 64 entries"),
        ('"nobody"', "not found"),
        ('"tiny"', "makes textures out of seeds and takes no picture"),
        ('{ label = "snow" }', "names no model"),
        ('{ model = "looks", size = 3 }', "'size' is not a key of a step. There are model, label"),
        ('{ model = "looks", label = "mud" }', "does not know it"),
        ('{ model = "looks", strength = 1.5 }', "must be a number from 0 to 1"),
        ('{ model = "relief", strength = 1 }', "has no strength"),
        ('{ model = "looks", seed = "" }', "the seed is empty"),
        (
            '["looks", "filled"]',
            "filled: needs the map height, which neither tiny nor a step before it gives",
        ),
        ('["large", "large", "large", "large"]', "64 px enlarged 256 times are 16384"),
        ("3", "must be the name"),
    ],
)
def test_a_chain_that_cannot_be(faults, takers, chain, sentence):
    (said,) = faults(CHAIN.format(chain))
    assert sentence in said and "transform" in said
