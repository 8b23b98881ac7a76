"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from .texture import Texture
from .texture_config import TextureConfig

FAMILIES = {"texture": (Texture, TextureConfig)}
