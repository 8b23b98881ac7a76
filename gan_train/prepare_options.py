"""What the flags of `gan-train prepare` say, and which of it cannot be. No files are read.

Before: prepare_command.py. Next: prepare.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

from .errors import DatasetError
from .image_reader import MAX_ASPECT, MIN_SIDE
from .listings import is_utf8, printable
from .pairs import check_pairs

NON_SQUARE = {"keep": MAX_ASPECT, "crop": 1}  # the longest that an image may be, in short sides


@dataclass(frozen=True)
class PrepareOptions:
    """What the flags of `prepare` say."""

    source: Path
    out: Path
    size: int = 256  # pixels of the short side
    min_size: int | None = (
        None  # pixels of the short side, below which an image is left out; None: as `least` says
    )
    non_square: str = "keep"  # one of NON_SQUARE
    labels_file: Path | None = None  # None: folders are labels
    min_per_label: int = 6  # materials
    heldout: float = 0.1  # share of each label's materials
    licence: str = ""  # SPDX name for files whose licence no manifest.csv states
    source_text: str = ""  # likewise, where they come from
    without: tuple[str, ...] = ()  # labels to leave out
    metallic: dict[str, float] = field(default_factory=dict)  # label -> constant, 0 to 1
    keep_alpha: bool = False  # store what is transparent as RGBA PNG
    pairs: dict[str, Path] = field(default_factory=dict)  # map name -> folder of the partners of all pictures
    force: bool = False

    @property
    def least(self) -> int:
        """min_size, or what was not asked for: MIN_SIDE, but images of the asked size are never too small."""
        return min(MIN_SIDE, self.size) if self.min_size is None else self.min_size


def check_options(options: PrepareOptions) -> None:
    if not 64 <= options.size <= 4096:
        raise DatasetError(f"--size {options.size}: must be between 64 and 4096 pixels.")
    if not 0 <= options.heldout <= 0.5:
        raise DatasetError(
            f"--heldout {options.heldout}: must be between 0 and 0.5 (0.1 holds out one material in ten)."
        )
    if not 16 <= options.least <= 4096:
        raise DatasetError(f"--min-size {options.least}: must be between 16 and 4096 pixels.")
    if options.min_per_label < 1:
        raise DatasetError(f"--min-per-label {options.min_per_label}: must be at least 1.")
    texts = {"--out": options.out.name, "--licence": options.licence, "--source": options.source_text}
    for flag, text in texts.items():
        if not is_utf8(text):
            raise DatasetError(f"{flag} {printable(text)}: is not UTF-8 text. Write it in other letters.")
    check_pairs(options.pairs)
    source, out = options.source.resolve(), options.out.resolve()
    if out == source or out.is_relative_to(source):
        raise DatasetError(
            f"{options.out}: lies inside {options.source}; choose a folder outside it for --out."
        )
