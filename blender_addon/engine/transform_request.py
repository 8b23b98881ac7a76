"""What the panel asks the worker to change: pictures in files, one generator. Numpy only where it is read; never bpy.

Previous station: ui/transform_job.py (the files are made by scene/picture_source.py). Next: transform_run.py.
"""

from pathlib import Path

from .errors import ImageError, WorkerError
from .picture import Picture, of_pixels, together
from .png import SIGNATURE, decode, read_text
from .recipe import KEY
from .transform import Step
from .transform_run import Source, digest


def step_of(request: dict) -> Step:
    return Step(request["label"], request["scalars"], request["seed"])


def source_of(fields: dict) -> Source:
    """fields: {"name": for messages, "maps": {map name: {"file", "width", "height"}}, "recipe": text or null}.

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
    return Source(cropped(together(pictures), fields.get("crop")), hashes, recipe)


def pixels_of(data: bytes, one: dict, name: str):
    """[H, W, 1..4] uint8, row 0 on top."""
    if data.startswith(SIGNATURE):
        try:
            return decode(data)[0]
        except ImageError as error:
            raise ImageError(f"{name}: {error}") from error
    import numpy as np

    return np.frombuffer(data, np.uint8).reshape(one["height"], one["width"], 4)


def cropped(picture: Picture, crop) -> Picture:
    """crop: (x, y, width, height) from the top left, for a preview; None is all of it."""
    if crop is None:
        return picture
    x, y, width, height = crop
    maps = {name: values[y : y + height, x : x + width] for name, values in picture.maps.items()}
    alpha = None if picture.alpha is None else picture.alpha[y : y + height, x : x + width]
    return Picture(maps, alpha)
