"""What the panel asks the worker to change: pictures in files, one generator. Numpy only where it is read; never bpy.

Previous station: ui/transform_job.py (the files are made by scene/picture_source.py). Next: transform_run.py.
"""

from pathlib import Path

from .errors import ImageError, WorkerError
from .picture import of_pixels, together
from .png import SIGNATURE, decode, read_text
from .recipe import KEY
from .transform import Step
from .transform_run import Source, digest


def step_of(request: dict) -> Step:
    return Step(request["label"], request["scalars"], request["seed"])


def source_of(fields: dict) -> Source:
    """fields: {"name": for messages, "maps": {map name: {"file", "width", "height"}}, and where it is known "recipe"
    (its text), "bake" (as in it), "tiles" (else it is measured), and "icon": true for a small picture of the
    result (pixels.icon)}.

    A file is a PNG, or rows of RGBA of a byte each, the top one first, of the size that is given.
    """
    pictures, hashes, recipe = [], {}, fields.get("recipe")
    for name, one in fields["maps"].items():
        try:
            data = Path(one["file"]).read_bytes()
        except OSError as error:
            raise WorkerError(
                f"{fields['name']}: its pixels were lost on the way ({error.strerror})"
            ) from error
        hashes[name] = digest(data)
        pictures.append(of_pixels(pixels_of(data, one, fields["name"]), name))
        if recipe is None and data.startswith(SIGNATURE):
            recipe = read_text(data).get(KEY)
    return Source(together(pictures), hashes, recipe, fields.get("bake"))


def pixels_of(data: bytes, one: dict, name: str):
    """[H, W, 1..4] uint8, row 0 on top."""
    if data.startswith(SIGNATURE):
        try:
            return decode(data)[0]
        except ImageError as error:
            raise ImageError(f"{name}: {error}") from error
    import numpy as np

    return np.frombuffer(data, np.uint8).reshape(one["height"], one["width"], 4)
