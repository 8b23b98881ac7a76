"""A look that was found for a photo, as a small JSON file: what to feed a model. Standard library only; never numpy.

Written by `gan-train project`. Next station: SurfaceRequest (through `gancube cube --latent`), latents.draw.

    {"kind": "latent", "model": {"name": "materials", "sha256": "..."}, "seed": 7, "size": 256,
     "label": {"brick": 0.8, "rock": 0.2}, "latents": {"z": [0.1, ...]}, "scalars": {"psi": 1.0}, "distance": 0.2}
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .errors import RecipeError
from .surface_request import FACES, SurfaceRequest

KIND = "latent"
MAX_BYTES = 4 * 2**20
MAX_SEED = 2**64 - 1


@dataclass(frozen=True)
class LatentFile:
    """`seed` at `size` pixels gives the very picture that was compared; other seeds give its look in other layouts."""

    model: dict  # {"name", "sha256"}
    seed: int
    size: int
    label: dict | None  # {name: weight}; None where the model has no labels
    latents: dict  # input name -> list of numbers
    scalars: dict  # input name -> number
    distance: float  # to the photo; 1 is what a random texture of the model has
    kind: str = KIND

    def to_request(self, asked: SurfaceRequest, new_seeds: bool) -> SurfaceRequest:
        """`asked` in this look. Unless it brings seeds of its own, the first face is the picture that was found."""
        if not new_seeds:
            face_seeds = asked.face_seeds or (self.seed, *[None] * (len(FACES) - 1))
            asked = replace(asked, seed=self.seed, face_seeds=face_seeds)
        return replace(
            asked, label=self.label, latents=self.latents, scalars=self.scalars, size=asked.size or self.size
        )


def dumps(latent: LatentFile) -> str:
    """JSON with the keys in their order. Refuses (RecipeError) what loads would refuse."""
    text = json.dumps(asdict(latent), allow_nan=False) + "\n"
    loads(text, "latent")
    return text


def read(path) -> LatentFile:
    """The latent in a .json file."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecipeError(f"{path}: is too large to hold a latent.")
        return loads(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: holds no latent: not a text in UTF-8.") from error


def loads(text: str, file: str) -> LatentFile:
    """JSON -> LatentFile; RecipeError `FILE: FIELD: what` on anything else."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{file}: holds no latent: not JSON ({str(error)[:100]}).") from error
    fields = list(LatentFile.__dataclass_fields__)
    if not isinstance(data, dict) or data.get("kind") != KIND or set(data) != set(fields):
        raise RecipeError(
            f"{file}: holds no latent. gan-train project writes them; its keys are {', '.join(fields)}."
        )
    rules = {
        "model": (_is_model, "must hold name and sha256."),
        "seed": (
            lambda value: _is_whole(value, 0, MAX_SEED),
            f"must be a whole number from 0 to {MAX_SEED}.",
        ),
        "size": (lambda value: _is_whole(value, 1, 8192), "must be a whole number of pixels."),
        "label": (
            lambda value: value is None or _is_table(value, _is_number),
            "must hold a weight for each label.",
        ),
        "latents": (lambda value: _is_table(value, _is_numbers), "must hold lists of finite numbers."),
        "scalars": (lambda value: _is_table(value, _is_number), "must hold finite numbers."),
        "distance": (_is_number, "must be a finite number."),
    }
    for key, (fits, rule) in rules.items():
        if not fits(data[key]):
            raise RecipeError(f"{file}: {key}: {rule}")
    return LatentFile(**data)


def _is_number(value) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) < 1e30


def _is_numbers(value) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _is_whole(value, least: int, most: int) -> bool:
    return not isinstance(value, bool) and isinstance(value, int) and least <= value <= most


def _is_table(value, fits) -> bool:
    return isinstance(value, dict) and all(map(fits, value.values()))


def _is_model(value) -> bool:
    return _is_table(value, lambda text: isinstance(text, str)) and set(value) == {"name", "sha256"}
