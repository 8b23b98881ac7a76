"""The recipe of what is being made: one text for the command and the panel. Numpy, onnxruntime; never bpy.

Previous station: SurfaceRequest.to_request. Next: the PNG text of each map, the custom property of the object.
"""

from pathlib import Path

import numpy as np

from .. import __version__
from .model import Model, check_size, runtime_version
from .recipe import Recipe, style_fields
from .request import Request
from .surface_request import SurfaceRequest


def new_recipe(asked: SurfaceRequest, request: Request, model: Model, blender: str) -> Recipe:
    """`asked`, and `request` as resolved by asked.to_request(model.card); blender: its version, as text."""
    settings = {"scalars": dict(request.scalars), "provider": model.provider}
    if request.latents:
        settings["latents"] = {name: list(values) for name, values in request.latents.items()}
    if request.walk:
        settings["walk"] = {"toward": asked.toward, "share": request.walk}
    if asked.style:
        settings["style"] = style_fields(asked.style)
    if any(one is not None for one in asked.face_styles):
        settings["face_styles"] = [None if one is None else style_fields(one) for one in asked.face_styles]
    if any(one is not None for one in asked.face_settings):
        settings["face_settings"] = list(asked.face_settings)
    return Recipe(
        kind=asked.surface,
        model={"name": Path(model.path).stem, "sha256": model.sha256},
        seed=asked.seed,
        label=asked.label,
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
