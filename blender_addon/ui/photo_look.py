"""The look that was found for a photo, as the scene's settings hold it. No bpy.types.

Before: photo_operator.py. Next: properties.asked(), which puts it into every request of its generator.
"""

from functools import lru_cache

from ..engine import latent_file
from ..engine.errors import GanCubeError
from ..engine.latent_file import LatentFile
from . import models


def look_of(settings, entry) -> LatentFile | None:
    """The look that was found for a photo, where it is one of this generator."""
    if not settings.look:
        return None
    look = _look(settings.look)
    return look if look.model["sha256"] == entry.sha256 else None


@lru_cache(maxsize=4)  # panels ask at each redraw
def _look(text: str) -> LatentFile:
    return latent_file.loads(text, "look")


def is_used(settings) -> bool:
    """Whether there is a look, and it is one of the generator that is chosen."""
    try:
        return bool(settings.look) and look_of(settings, models.entry(settings.model)) is not None
    except GanCubeError:
        return False
