"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from ..aligned_sampler import AlignedSampler
from ..dataset import CropSampler
from ..family import Entry
from ..whole_pictures import WholePictureSampler
from .paired import Paired
from .paired_config import PairedConfig
from .single import Single
from .single_config import SingleConfig
from .single_sampler import SingleSampler
from .style import Style
from .style_config import StyleConfig
from .texture import Texture
from .texture_config import TextureConfig
from .upscale import Upscale
from .upscale_config import UpscaleConfig

FAMILIES = {
    "texture": Entry(Texture, TextureConfig, CropSampler),
    "style": Entry(Style, StyleConfig, WholePictureSampler),
    "single": Entry(Single, SingleConfig, SingleSampler, takes_photos=True),
    "paired": Entry(Paired, PairedConfig, AlignedSampler),
    "upscale": Entry(Upscale, UpscaleConfig, AlignedSampler),
}
