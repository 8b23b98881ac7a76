"""What a slider asks for: the request of what is shown, changed, with what locked faces keep. bpy.types only.

Before: adjust_panel.py (the sliders). Next: adjust.py.
"""

from dataclasses import replace

from ..engine.surface_request import SurfaceRequest
from ..scene import faces
from . import models
from .face_operators import locks, own_labels, own_style


def changed(asked: SurfaceRequest, item, card, wish: dict) -> SurfaceRequest:
    """Everything is for the faces that are not locked; a locked one keeps its own."""
    held = locks(item)
    styles = asked.face_styles
    if "style" in wish:
        none = 0, models.layers(card)
        own = (own_style(asked, i) or none for i in range(asked.count))
        styles = tuple(style if lock else None for style, lock in zip(own, held, strict=True))
        styles = styles if any(styles) else ()
    recipe = faces.recipe_of(item)
    seeds = asked.face_seeds or (None,) * asked.count
    labels = asked.face_labels or (None,) * asked.count
    if "seed" in wish:
        seeds = tuple(seed if lock else None for seed, lock in zip(seeds, held, strict=True))
    if "seed" in wish or "label" in wish:
        own = own_labels(recipe, card) if "label" not in wish else (None,) * asked.count
        labels = tuple(a if lock else b for a, b, lock in zip(labels, own, held, strict=True))
    settings = asked.face_settings
    if {"scalars", "walk", "toward"} & set(wish):
        settings = tuple(own_settings(asked, i) if lock else None for i, lock in enumerate(held))
        settings = settings if any(settings) else ()
    wish["scalars"] = {**({} if "latents" in wish else asked.scalars), **wish.get("scalars", {})}
    own = {"face_seeds": seeds, "face_labels": labels, "face_styles": styles, "face_settings": settings}
    return replace(asked, **own, **wish)


def own_settings(asked: SurfaceRequest, index: int) -> dict:
    """What a face has of the generator's settings and of the walk, its own or that of all."""
    all_have = {"scalars": dict(asked.scalars), "toward": asked.toward, "walk": asked.walk}
    return (asked.face_settings[index] if asked.face_settings else None) or all_have
