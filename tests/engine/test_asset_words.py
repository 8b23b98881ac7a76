"""What an asset says of itself, from recipes of every kind and cards with one licence or many."""

import dataclasses
import json

import pytest

from blender_addon.engine import asset_words
from blender_addon.engine.card import Provenance
from tests.engine.test_card import CARD

RECIPE = {
    "model": {"name": "walls", "sha256": "0" * 64},
    "seed": 7,
    "size": 256,
    "label": None,
    "face_labels": ["brick", "moss", {"brick": 0.5, "sand": 0.5}, None, "moss", "brick"],
}


def card(licences, authors):
    made = Provenance("data", "", licences, tuple(authors), 1, "", {}, {})
    return dataclasses.replace(CARD, provenance=made)


def test_the_words_of_a_cube():
    said = asset_words.words(RECIPE, card({"CC0-1.0": 2, "CC-BY-3.0": 1}, ["Ada", "Bob"]), "Me")
    assert said.tags == ("gancube", "walls", "brick", "moss", "sand")
    assert (
        said.description == "Brick, moss, sand: generator walls, seed 7, 256 px, made by a trained generator"
    )
    assert (said.author, said.license) == ("Me", "Training images: CC0-1.0, CC-BY-3.0")
    assert said.copyright == "Training images by Ada, Bob"


def test_one_licence_no_labels_many_authors():
    said = asset_words.words({**RECIPE, "face_labels": []}, card({"CC0-1.0": 2}, map(str, range(20))))
    assert (
        said.license == "CC0-1.0" and said.tags == ("gancube", "walls") and said.author == "GAN Cubes, walls"
    )
    assert said.copyright.endswith("11 and 8 others")
    assert asset_words.words(RECIPE, None, labels=["moss"]).tags == ("gancube", "walls", "moss")
    assert asset_words.words({}, None).author == "GAN Cubes" and not asset_words.words({}, None).license


@pytest.mark.parametrize("text", [None, 5, "", "[1]", "{", "[" * 100_000, "null"])
def test_what_is_no_recipe(text):
    assert asset_words.read(text) is None


def test_a_strange_recipe_is_no_error():
    for fields in (
        {"model": 5, "face_labels": 7},
        {"model": {"name": None}, "label": {"a": 1}},
        {"seed": []},
    ):
        asset_words.words(asset_words.read(json.dumps(fields)), None)


def test_labels_of_a_picture_that_was_changed():
    steps = [{"label": "moss"}, {"label": None}, {"label": {"snow": 0.5, "moss": 0.5}}, "damaged"]
    assert asset_words.labels_of({"steps": steps}) == ["moss", "snow"]
