"""The families of generators, by name. Adding one: CONTRIBUTING.md."""

from ..aligned_sampler import AlignedSampler
from ..dataset import CropSampler
from ..domain_sampler import DomainSampler
from ..family import Entry
from ..whole_pictures import WholePictureSampler
from .domains import Domains
from .domains_config import DomainsConfig
from .paired import Paired
from .paired_config import PairedConfig
from .single import Single
from .single_config import SingleConfig
from .single_sampler import SingleSampler
from .style import Style
from .style_config import StyleConfig
from .texture import Texture
from .texture_config import TextureConfig
from .unpaired import Unpaired
from .unpaired_config import UnpairedConfig
from .upscale import Upscale
from .upscale_config import UpscaleConfig

FAMILIES = {
    "texture": Entry(Texture, TextureConfig, CropSampler),
    "style": Entry(Style, StyleConfig, WholePictureSampler),
    "single": Entry(Single, SingleConfig, SingleSampler, takes_photos=True),
    "unpaired": Entry(Unpaired, UnpairedConfig, DomainSampler, takes_pictures=True),
    "domains": Entry(Domains, DomainsConfig, DomainSampler, takes_pictures=True),
    "paired": Entry(Paired, PairedConfig, AlignedSampler, takes_pictures=True),
    "upscale": Entry(Upscale, UpscaleConfig, AlignedSampler, takes_pictures=True),
}
