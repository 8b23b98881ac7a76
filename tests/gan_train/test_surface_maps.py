"""Height and roughness of materials: found from normal maps, stored, cropped, learned, exported."""

import io

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine.model import Model
from gan_train.cli import main
from gan_train.image_files import MapFile, map_of
from gan_train.image_reader import UnusableImage
from gan_train.manifest import read_manifest
from gan_train.prepare import PrepareOptions, prepare
from gan_train.surface_maps import decode_map, encode_map, height_of_normal, integrate, read_surface_maps

from .pictures import texture


def hills(size: int = 96, seed: int = 0) -> np.ndarray:
    """Wrapping height [size, size] in pixels, about -2 to 2."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] * (2 * np.pi / size)
    waves = [np.sin(rng.integers(1, 5) * x + rng.integers(-4, 5) * y + rng.uniform(0, 6)) for _ in range(6)]
    return sum(waves) / 3


def normal_map(height: np.ndarray, green: str = "gl") -> np.ndarray:
    """[H, W] pixels -> [H, W, 3] uint8."""
    right = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / 2
    down = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) / 2
    vector = np.stack([-right, down if green == "gl" else -down, np.ones_like(height)], -1)
    vector /= np.linalg.norm(vector, axis=-1, keepdims=True)
    return np.round((vector + 1) * 127.5).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def save_materials(root, count: int = 4, with_maps: int = 2, size: int = 128):
    """root/LABEL/N/: base colours, the first `with_maps` of each label with normal and roughness."""
    for label in ("iron", "stone"):
        for n in range(count):
            folder = root / label / f"{n}"
            folder.mkdir(parents=True)
            seed = 10 * n + (label == "iron")
            Image.fromarray(texture(seed, size)).save(folder / "basecolor.png")
            if n < with_maps:
                (folder / "normal.png").write_bytes(png(normal_map(hills(size, seed), "dx" if n else "gl")))
                (folder / "roughness.png").write_bytes(png(texture(seed + 5, size)[..., 0]))
    (root / "iron" / "0" / "metallic.png").write_bytes(png(np.full((size, size), 255, np.uint8)))
    return root


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    options = PrepareOptions(save_materials(folder / "in"), folder / "out", 128, min_per_label=1, heldout=0.0)
    prepare(options)
    return folder / "out"


@pytest.mark.parametrize("green", ["gl", "dx"])
@pytest.mark.parametrize("said", [True, False])
def test_the_height_is_found_whichever_way_green_points(green, said):
    height = hills()
    found, note = height_of_normal(normal_map(height, green) / 255, True, green if said else "")
    assert np.abs(found - (height - height.mean())).max() < 0.1
    assert (not note) if said else (("OpenGL" if green == "gl" else "DirectX") in note)


def test_a_normal_map_that_does_not_wrap_is_mirrored():
    height = hills(128)[5:75, 9:99]  # [70, 90]
    right, down = np.gradient(height, axis=1), np.gradient(height, axis=0)
    vector = np.stack([-right, down, np.ones_like(height)], -1)
    vector /= np.linalg.norm(vector, axis=-1, keepdims=True)
    found, _ = height_of_normal((vector + 1) / 2, False, "gl")
    assert np.corrcoef(found.ravel(), height.ravel())[0, 1] > 0.98


def test_integration_is_least_squares_on_the_torus():
    height = hills(64)
    right = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) / 2
    down = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) / 2
    noise = np.random.default_rng(0).normal(0, 0.05, (2, 64, 64))
    assert np.abs(integrate(right, down) - height).max() < 1e-9
    assert np.abs(integrate(right + noise[0], down + noise[1]) - height).std() < 0.2


@pytest.mark.parametrize("wrong", ["grey", "blueless", "shape", "damaged"])
def test_a_map_that_cannot_be_used_is_a_note(wrong):
    data = {
        "grey": png(np.full((64, 64), 128, np.uint8)),
        "blueless": png(np.zeros((64, 64, 3), np.uint8)),
        "shape": png(normal_map(hills(64))[:32]),
        "damaged": png(normal_map(hills(64)))[:500],
    }[wrong]
    files = {"normal": MapFile("normal.png", "", lambda: data)}
    found = read_surface_maps(files, (64, 64), True)
    assert not found.maps and len(found.notes) == 1 and "normal map is not used" in found.notes[0]
    with pytest.raises(UnusableImage):
        height_of_normal(np.zeros((8, 8, 3)), True)


def test_gloss_is_the_opposite_of_roughness():
    ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    rough = read_surface_maps({"roughness": MapFile("r.png", "", lambda: png(ramp))}, (64, 64), True)
    gloss = read_surface_maps({"gloss": MapFile("g.png", "", lambda: png(255 - ramp))}, (64, 64), True)
    assert np.array_equal(rough.maps["roughness"], ramp) and np.array_equal(gloss.maps["roughness"], ramp)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_stored_maps_come_back(kind):
    values = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (16, 24)).astype(kind)
    assert np.array_equal(np.round(decode_map(encode_map(values)) * np.iinfo(kind).max).astype(kind), values)


def test_names_of_maps():
    names = {"wall_Normal": "normal", "W_NormalDX": "normal", "x-gloss": "gloss", "Metalness": "metallic"}
    assert {name: map_of(name) for name in names} == names


def test_the_dataset_holds_maps_and_what_is_metallic(dataset):
    items = {item.material: item for item in read_manifest(dataset).items}
    assert list(items["iron/0"].maps) == list(items["stone/1"].maps) == ["height", "roughness"]
    assert (
        items["iron/2"].maps == {} and items["iron/0"].metallic == 1.0 and items["stone/0"].metallic is None
    )
    height = decode_map((dataset / items["stone/1"].maps["height"]).read_bytes())  # found to be DirectX
    assert np.abs((height - 0.5) * 16 - hills(128, 10)).max() < 0.15


def test_a_constant_for_a_label_and_what_is_wrong_with_one(tmp_path, capsys):
    save_materials(tmp_path / "in", with_maps=0)
    command = ["prepare", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--min-per-label", "1"]
    for wrong in ("iron", "iron=2", "gold=1"):
        assert main([*command, "--metallic", wrong]) == 2
    assert "LABEL=VALUE" in capsys.readouterr().err
    assert main([*command, "--metallic", "iron=0.5"]) == 0
    assert {i.label: i.metallic for i in read_manifest(tmp_path / "out").items} == {
        "iron": 0.5,
        "stone": None,
    }


def test_a_generator_with_maps_is_trained_and_exported(dataset, tmp_path):
    torch = pytest.importorskip("torch")
    from gan_train.export import export_run
    from gan_train.loop import train
    from gan_train.parity import check_parity
    from gan_train.run_folder import load_averaged

    from .test_loop import TINY

    train(dataset, tmp_path / "run", "texture-small", {**TINY, "picture_critic_width": (8, 8)}, steps=4)
    model = Model.load(export_run(tmp_path / "run", tmp_path / "five.onnx"))
    assert model.card.map_names == ("base_color", "normal", "height", "roughness", "metallic")
    family, _, _ = load_averaged(tmp_path / "run")
    assert check_parity(model, family.deploy()) < 1e-4
    iron, stone = (model.render(3, label, size=128).maps for label in ("iron", "stone"))
    assert np.ptp(iron["metallic"]) == 0 and iron["metallic"].mean() == 1 and stone["metallic"].mean() == 0
    height = iron["height"][..., 0] * 16
    expected = normal_map(height).astype(np.float64) / 255
    assert np.abs(expected - iron["normal"]).max() < 0.01, "the normal map is that of the height"
    assert torch.isfinite(torch.from_numpy(iron["roughness"])).all()


def test_a_missing_map_has_no_loss(dataset):
    """Only crops of materials without maps: the terms of maps are not there, and the critic sees none."""
    torch = pytest.importorskip("torch")
    from gan_train.families import FAMILIES
    from gan_train.loop import configure
    from gan_train.surface_losses import seen

    from .test_loop import TINY

    name, config = configure("texture-small", {**TINY, "batch": 8})
    sampler = FAMILIES[name].sampler(dataset, config)
    family = FAMILIES[name].family(config, sampler.domain)
    batch = sampler(0, 0, torch.device("cpu"))
    assert batch["present"].any() and not batch["present"].all()
    terms = family.loss("autoencoder", batch, torch.Generator().manual_seed(0), 0)
    assert {"reconstruction", "height", "roughness"} <= terms.keys()
    batch["present"] = torch.zeros_like(batch["present"])
    assert "height" not in family.loss("autoencoder", batch, torch.Generator().manual_seed(0), 0)
    shown = seen(torch.rand(8, 5, 32, 32), batch["present"], sampler.domain.maps)
    assert (
        shown.shape == (8, 6, 30, 30) and bool((shown[:, 3:] == 0).all()) and bool((shown[:, :3] != 0).any())
    )
