"""Training pairs out of computed meshes: the meshes, the rule, the folders that prepare takes; the figures."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from blender_addon.engine.model import Model
from gan_train import demo_weather
from gan_train.aligned_sampler import AlignedSampler
from gan_train.cli import main
from gan_train.demo_meshes import random_mesh, random_solid, surface
from gan_train.families.paired_config import PairedConfig
from gan_train.manifest import read_manifest
from gan_train.measure_weather import Weather
from gan_train.presets import PRESETS
from gan_train.weather_figures import correlations, fitted, judged, rank_correlation
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture

GEOMETRY = demo_weather.GEOMETRY


def shape(size=64, seed=0) -> dict:
    """Maps as of a mesh, smooth, without Blender."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    waves = [np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in rng.uniform(-2, 2, (8, 3))]
    normal = np.stack(waves[3:6], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    maps = {
        "position": np.stack(waves[:3], -1) * 0.45 + 0.5,
        "object_normal": normal / 2 + 0.5,
        "ao": 1 - np.maximum(waves[6], 0)[..., None] * 0.6,
        "curvature": waves[7][..., None] * 0.2 + 0.5,
    }
    return {name: np.floor(values * 255 + 0.5).astype(np.uint8) for name, values in maps.items()}


def flat_materials() -> list[dict]:
    """Clean, worn and dirty of one colour each."""
    return [
        {
            "base_color": np.full((8, 8, 3), level, np.float32),
            "roughness": np.full((8, 8, 1), level, np.float32),
        }
        for level in (0.5, 0.9, 0.1)
    ]


def test_meshes_are_closed_and_on_the_surface_and_the_same_again():
    for number in range(3):
        solid = random_solid(np.random.default_rng([0, number, 0]))
        points, quads = surface(solid, 24)
        if not len(quads):
            continue
        assert np.isfinite(points).all() and quads.min() >= 0 and quads.max() < len(points)
        assert np.median(np.abs(solid(points))) < 0.01
        edges = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1)
        _, times = np.unique(edges, axis=0, return_counts=True)
        assert (times % 2 == 0).all(), "no holes"
        triangles = points[np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]])]
        volume = np.einsum("ij,ij->i", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])).sum() / 6
        assert volume > 0, "outwards"
    assert random_mesh(3, 1, 16) == random_mesh(3, 1, 16) != random_mesh(3, 2, 16)


def test_the_rule_wears_edges_and_dirties_hollows():
    maps = shape()
    made = demo_weather.weathered(maps, flat_materials(), np.random.default_rng(0))
    bright = made["base_color"][..., 0].astype(float)
    edge, hollow = maps["curvature"][..., 0] > 170, maps["ao"][..., 0] < 130
    assert bright[edge & ~hollow & (maps["ao"][..., 0] > 250)].mean() > 200
    assert bright[hollow].mean() < 60
    again = demo_weather.weathered(maps, flat_materials(), np.random.default_rng(0))
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_rank_correlation():
    x = np.arange(50.0)
    assert rank_correlation(x, x**3) == pytest.approx(1) and rank_correlation(x, -x) == pytest.approx(-1)
    assert rank_correlation(x, np.zeros(50)) == 0
    assert rank_correlation(np.array([1, 1, 2]), np.array([1, 1, 2])) == pytest.approx(1)


def test_the_figures_tell_the_rule_from_none():
    train = [(shape(seed=i)) for i in range(4)]
    colors = [
        demo_weather.weathered(m, flat_materials(), np.random.default_rng(i))["base_color"] / 255
        for i, m in enumerate(train)
    ]
    planes = fitted(list(zip(colors[:3], train[:3], strict=True)))
    wear, dirt = correlations(*judged(planes, colors[3], train[3]))
    assert wear > 0.4 and dirt > 0.4
    wear, dirt = correlations(*judged(planes, np.random.default_rng(0).random((64, 64, 3)), train[3]))
    assert abs(wear) < 0.2 and abs(dirt) < 0.2


def test_a_fixed_blend_is_further_from_the_real_ones_than_themselves():
    pairs = []
    for i in range(12):
        maps = shape(128, seed=i)
        noise = np.random.default_rng(i).integers(0, 200, (128, 128, 1))
        color = (maps["curvature"] // 5 + noise).repeat(3, 2).astype(np.uint8)
        pairs.append(SimpleNamespace(real={"base_color": color}, given=SimpleNamespace(maps=maps)))
    weather = Weather(pairs[:6])
    for pair in pairs[6:]:
        weather.add(pair, pair.real)
    rows = {row.name: row for row in weather.rows(0)}
    wear = rows["weather_wear"]
    assert wear.value == wear.floor and wear.low <= wear.value <= wear.high
    flat = shape(128, seed=99) | {"curvature": np.full((128, 128, 1), 128, np.uint8)}
    one = SimpleNamespace(real=pairs[0].real, given=SimpleNamespace(maps=flat))
    for _ in range(3):
        weather.add(one, one.real)
    more = {row.name: row for row in weather.rows(0)}["weather_wear"]
    assert more.n == wear.n + 3 and more.value > 0.6 * wear.value, (
        "a surface without edges has nothing to rank"
    )
    assert rows["weather_distance"].value < 0.5 * rows["weather_distance"].floor


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "materials.onnx"
    return make_tiny(path, maps=("base_color", "roughness"), labels=("plaster", "concrete", "ground"))


def pairs(materials, out, *words):
    return main(["geometry-pairs", "--model", str(materials), "--out", str(out), *map(str, words)])


def test_pairs_prepare_train_and_measure(materials, tmp_path, monkeypatch, capsys):
    """All the way to figures; Blender's part is stood in for, since the maps need not be of these meshes."""
    monkeypatch.setattr(
        demo_weather, "baked", lambda meshes, size, folder: (shape(size, i) for i in range(len(meshes)))
    )
    assert pairs(materials, tmp_path / "pairs", "--count", 8, "--size", 96) == 0
    said = capsys.readouterr().out
    assert "They show a rule, not the world" in said
    words = said.strip().splitlines()[-1].split()
    assert words[:2] == ["gan-train", "prepare"]
    words[-1] = str(tmp_path / "data")
    assert main([*words[1:], "--size", "96", "--heldout", "0.25"]) == 0
    report = capsys.readouterr().out
    assert "8" in report
    facts, manifest = Model.load(materials).card.provenance, read_manifest(tmp_path / "data")
    assert list(manifest.licences) == [" AND ".join(sorted(facts.licences))], (
        "made of pictures of those licences"
    )
    assert (
        manifest.authors[0].startswith(", ".join(facts.authors)) and "geometry-pairs" in manifest.authors[0]
    )
    preset = PRESETS["geometry"][1]
    sampler = AlignedSampler(tmp_path / "data", PairedConfig(**preset, crop=64, batch=2))
    batch = sampler(0, 0, torch.device("cpu"))
    assert batch["picture"].shape == (2, 12, 64, 64) and batch["present"].all()
    model = make_tiny_picture(tmp_path / "weather.onnx", takes=GEOMETRY, gives=("base_color", "roughness"))
    assert main(["measure", str(model), "--data", str(tmp_path / "data"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["measures"]
    assert {"weather_wear", "weather_dirt", "roughness_error", "base_color_psnr"} <= set(told)
    assert "weather_distance" not in told, "two held-out crops of 64 px are too few"
    assert told["weather_wear"]["floor"] > abs(told["weather_wear"]["value"])


def test_with_blender(materials, tmp_path):
    assert pairs(materials, tmp_path / "pairs", "--count", 1, "--size", 64) == 0
    names = sorted(str(p.relative_to(tmp_path / "pairs")) for p in (tmp_path / "pairs").rglob("*.png"))
    assert names == sorted(
        [f"{name}/weathered/mesh-0000.png" for name in (*GEOMETRY, "colors")]
        + ["colors/weathered/mesh-0000_roughness.png"]
    )


def test_what_cannot_be(materials, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    for words, says in (
        (("--out", tmp_path / "full"), "exists and is not empty"),
        (("--clean", "gold"), "has no label gold"),
        (("--size", 8), "--size from 64"),
        (("--meshes", tmp_path / "none"), "no such folder"),
        (("--meshes", tmp_path / "full"), "holds no meshes"),
    ):
        out = words[1] if words[0] == "--out" else tmp_path / "out"
        assert pairs(materials, out, *(words if words[0] != "--out" else ())) == 2
        assert says in capsys.readouterr().err
