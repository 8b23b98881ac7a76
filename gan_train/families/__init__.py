"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from ..dataset import CropSampler
from ..family import Entry
from .texture import Texture
from .texture_config import TextureConfig

FAMILIES = {"texture": Entry(Texture, TextureConfig, CropSampler)}
