"""The file of a look that was found for a photo: written, read again, refused when it is something else."""

import json

import pytest

from blender_addon.engine import latent_file
from blender_addon.engine.errors import RecipeError
from blender_addon.engine.latent_file import LatentFile
from blender_addon.engine.surface_request import SurfaceRequest

FOUND = LatentFile(
    model={"name": "tiny", "sha256": "0" * 64},
    seed=2**64 - 1,
    size=64,
    label={"brick": 0.75, "moss": 0.25},
    latents={"z": [0.5, -1.0]},
    scalars={"psi": 0.5},
    distance=0.25,
)


def test_round_trip(tmp_path):
    path = tmp_path / "photo.json"
    path.write_text(latent_file.dumps(FOUND))
    assert latent_file.read(path) == FOUND


def test_seeds_of_the_asker_go_first():
    ours = FOUND.to_request(SurfaceRequest("tiny"), new_seeds=False)
    assert ours.seed == FOUND.seed and ours.face_seeds == (FOUND.seed, *[None] * 5) and ours.size == 64
    assert (ours.label, ours.latents, ours.scalars) == (FOUND.label, FOUND.latents, FOUND.scalars)
    asked = SurfaceRequest("tiny", seed=3, size=128)
    theirs = FOUND.to_request(asked, new_seeds=True)
    assert theirs.seed == 3 and theirs.face_seeds == () and theirs.size == 128
    faces = SurfaceRequest("tiny", face_seeds=(None, None, 5, None, None, None))
    assert FOUND.to_request(faces, new_seeds=False).face_seeds == faces.face_seeds


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "cube"}, "holds no latent"),
        ({"more": 1}, "holds no latent"),
        ({"model": {"name": "tiny"}}, "model: must hold"),
        ({"seed": -1}, "seed: "),
        ({"seed": True}, "seed: "),
        ({"size": 0}, "size: "),
        ({"label": {"brick": "much"}}, "label: "),
        ({"latents": {"z": 1}}, "latents: "),
        ({"latents": {"z": [1e40]}}, "latents: "),
        ({"scalars": []}, "scalars: "),
        ({"distance": None}, "distance: "),
    ],
)
def test_each_fault_is_named(tmp_path, change, word):
    path = tmp_path / "photo.json"
    path.write_text(json.dumps({**json.loads(latent_file.dumps(FOUND)), **change}))
    with pytest.raises(RecipeError, match=word) as caught:
        latent_file.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_latent(tmp_path, data):
    path = tmp_path / "photo.json"
    path.write_bytes(data)
    with pytest.raises(RecipeError, match="no latent"):
        latent_file.read(path)
    with pytest.raises(RecipeError, match="cannot be read"):
        latent_file.read(tmp_path / "absent.json")
