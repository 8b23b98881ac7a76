"""Generated textures that a chain of generators goes over: moss on bricks, before anything is exported. Never bpy.

    model.generate -> [TextureSet] -> chained() -> [TextureSet] -> PNGs, with with_chain()'s recipe

Pictures from elsewhere: transform_run.py. Numpy and onnxruntime.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from . import library
from .errors import RecipeError
from .model import Model
from .picture import Picture
from .pixels import TextureSet, to_uint8
from .recipe import Recipe
from .transform import Step, channels_of, check_chain, transform
from .transform_run import told


def chained(textures: list[TextureSet], chain: list[tuple[Model, Step]], wraps: bool) -> list[TextureSet]:
    """What the chain makes of each; where a step enlarges, every map is larger. wraps: as the first generator's card
    says (tileable), since what it drew need not be measured."""
    made = []
    for one in textures:
        picture, before = Picture({name: to_uint8(unit) for name, unit in one.maps.items()}), 1
        check_chain([(model.titled, step) for model, step in chain], channels_of(picture), size=picture.size)
        for model, step in chain:
            picture = transform(model, picture, step, wraps, before=before)
            before *= model.card.scale
        # these very bytes come back from to_uint8
        maps = {name: values.astype(np.float32) / np.float32(255) for name, values in picture.maps.items()}
        made.append(replace(one, maps=maps))
    return made


def with_chain(recipe: Recipe, chain: list[tuple[Model, Step]], wraps: bool) -> Recipe:
    """The recipe of the textures with these steps behind those that it had."""
    if not chain:
        return recipe
    steps = [*recipe.settings.get("transform", ()), *(told(model, step, wraps) for model, step in chain)]
    return replace(recipe, settings={**recipe.settings, "transform": steps})


def chain_of(recipe: Recipe, provider: str, threads: int | None = None) -> list[tuple[Model, Step]]:
    """The generators and steps that a recipe of textures names, found by their content under any name."""
    chain, folders = [], library.folders()
    for step in recipe.settings.get("transform", ()):
        named = step["model"]
        same = [entry.path for entry in library.entries(folders) if entry.sha256 == named["sha256"]]
        path = same[0] if same else library.find(named["name"], folders)
        model = Model.load(Path(path), provider, threads)
        if model.sha256 != named["sha256"]:
            raise RecipeError(
                f"{path}: is not the model of the recipe's step, which names {named['name']} with SHA-256 "
                f"{named['sha256'][:12]}..., this one has {model.sha256[:12]}.... Put the right file there."
            )
        chain.append((model, Step(step["label"], dict(step["scalars"]), step["seed"])))
    return chain
