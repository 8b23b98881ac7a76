"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from ..dataset import CropSampler
from ..family import Entry
from .single import Single
from .single_config import SingleConfig
from .single_sampler import SingleSampler
from .texture import Texture
from .texture_config import TextureConfig

FAMILIES = {
    "texture": Entry(Texture, TextureConfig, CropSampler),
    "single": Entry(Single, SingleConfig, SingleSampler, takes_photos=True),
}
