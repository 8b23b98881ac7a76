"""The recipe of a cube that is being made: one text for the command and the panel. Numpy, onnxruntime; never bpy.

Previous station: CubeRequest.to_request. Next: the PNG text of each map, the custom property of the object.
"""

from pathlib import Path

import numpy as np

from .. import __version__
from .cube_request import CubeRequest
from .model import Model, check_size, runtime_version
from .recipe import Recipe
from .request import Request


def cube_recipe(cube: CubeRequest, request: Request, model: Model, blender: str) -> Recipe:
    """`cube` as asked for, `request` as resolved by cube.to_request(model.card); blender: its version, as text."""
    settings = {"scalars": dict(request.scalars), "provider": model.provider}
    if request.latents:
        settings["latents"] = {name: list(values) for name, values in request.latents.items()}
    return Recipe(
        model={"name": Path(model.path).stem, "sha256": model.sha256},
        seed=cube.seed,
        label=cube.label,
        face_seeds=tuple(request.seeds),
        face_labels=tuple(request.labels),
        size=check_size(model.card, request.size),
        settings=settings,
        versions={
            "gancube": __version__,
            "blender": blender,
            "numpy": np.__version__,
            "onnxruntime": runtime_version(),
        },
    )
