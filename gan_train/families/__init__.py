"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from .texture import Texture, TextureConfig

FAMILIES = {"texture": (Texture, TextureConfig)}
