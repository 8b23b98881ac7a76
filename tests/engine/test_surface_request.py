"""Six faces out of what was asked."""

import pytest

from blender_addon.engine.errors import RequestError
from blender_addon.engine.seeds import choose, derive
from blender_addon.engine.surface_request import FACES, SurfaceRequest
from tests.tiny import tiny_card

CARD = tiny_card(("base_color",), ("brick", "moss", "sand"), 16, "tiny")


def test_seed_gives_six():
    faces = SurfaceRequest("tiny", seed=7).faces()
    assert faces == [(derive(7, i), None) for i in range(6)]
    assert len(FACES) == len({seed for seed, _ in faces}) == 6


def test_labels_are_resolved_to_names():
    request = SurfaceRequest("tiny", seed=7, size=64, scalars={"psi": 0.5}).to_request(CARD)
    assert request.labels == tuple(CARD.labels[choose(derive(7, i), 3)] for i in range(6))
    assert (request.model, request.size, request.scalars) == ("tiny", 64, {"psi": 0.5})


def test_one_label_for_all_and_one_for_a_face():
    labels = SurfaceRequest("tiny", label="moss", face_labels=("brick", *[None] * 5)).to_request(CARD).labels
    assert labels == ("brick", *["moss"] * 5)


def test_face_seeds_go_first_and_a_reroll_replaces_one():
    seeds = [seed for seed, _ in SurfaceRequest("tiny", seed=7).faces()]
    seeds[2] = 99
    assert [s for s, _ in SurfaceRequest("tiny", seed=7, face_seeds=tuple(seeds)).faces()] == seeds
    assert [
        s for s, _ in SurfaceRequest("tiny", seed=7, face_seeds=(None, None, 99, None, None, None)).faces()
    ] == seeds


def test_model_without_labels():
    bare = tiny_card(("base_color",), (), 16, "bare")
    assert SurfaceRequest("bare").to_request(bare).labels == (None,) * 6
    with pytest.raises(RequestError, match="no labels"):
        SurfaceRequest("bare", label="brick").to_request(bare)


@pytest.mark.parametrize(
    "wrong",
    [
        {"face_seeds": (1, 2, 3)},
        {"face_labels": ("brick",) * 7},
        {"face_seeds": (1, 2, 3, 4, 5, -1)},
        {"face_seeds": (1, 2, 3, 4, 5, 2**64)},
        {"face_seeds": (1, 2, 3, 4, 5, "6")},
        {"label": "wood"},
        {"face_labels": ("brick",) * 5 + ("wood",)},
    ],
)
def test_refused(wrong):
    with pytest.raises(RequestError):
        SurfaceRequest("tiny", **wrong).to_request(CARD)


def test_a_pool_for_the_faces_of_a_mesh():
    asked = SurfaceRequest("tiny", seed=7, surface="faces", images=9)
    assert asked.faces() == [(derive(7, i), None) for i in range(9)]
    for wrong in (None, 0, 65):
        with pytest.raises(RequestError, match="1 to 64"):
            SurfaceRequest("tiny", surface="faces", images=wrong).faces()


def test_one_texture_for_a_mesh_is_the_first_face_of_the_cube_of_that_seed():
    assert (
        SurfaceRequest("tiny", seed=7, surface="tile").faces() == SurfaceRequest("tiny", seed=7).faces()[:1]
    )


def test_a_walk_goes_face_by_face():
    request = SurfaceRequest("tiny", seed=7, toward=8, walk=0.5).to_request(CARD)
    assert request.toward == tuple(derive(8, i) for i in range(6)) and request.walk == 0.5
    assert SurfaceRequest("tiny", seed=7, toward=8).to_request(CARD).toward == ()
    for wrong in ({"walk": 4.5}, {"walk": True}, {"walk": 0.5, "toward": -1}):
        with pytest.raises(RequestError):
            SurfaceRequest("tiny", **wrong).to_request(CARD)
