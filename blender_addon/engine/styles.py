"""Styles of textures: read off one texture, mixed out of several, between two. Numpy only; never bpy or onnxruntime.

For models whose card has an input of kind `style`: one vector per layer [1, L, D], the first layers deciding what is
coarse (shape, pose), the last what is fine (colour, grain). Previous station: Model.run_styles; next: Model.render.
"""

import numpy as np

from .errors import RequestError
from .latents import Styles, draw


def style_of(model, seed: int, label=None, scalars: dict | None = None) -> np.ndarray:
    """[1, L, D] float32: the styles of a texture, truncated and all."""
    if model.card.input("style") is None:
        raise RequestError(f"{model.card.name}: has no styles to mix. Use a model with a style input.")
    return model.run_styles(draw(model.card, seed, label, scalars=scalars))


def layer_count(model) -> int:
    return model.card.input("style").shape[1]


def from_layer(w: np.ndarray, first: int) -> Styles:
    """`w` [1, L, D] for the layers from `first` on; those before it come from the seed that is rendered."""
    return Styles(w, np.arange(w.shape[1]) >= first)


def between(one: np.ndarray, other: np.ndarray, share: float) -> Styles:
    """All layers on the straight line from `one` (share 0) to `other` (share 1), both [1, L, D]."""
    w = one + np.float32(share) * (other - one)
    return Styles(w, np.ones(w.shape[1], bool))
