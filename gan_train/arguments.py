"""Arguments that several commands share; argparse only, so that help needs nothing installed."""

import argparse
from pathlib import Path


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """What `model_source.open_model` takes."""
    parser.add_argument("model", metavar="RUN|FILE.onnx", type=Path, help="a run folder or an exported file")
    parser.add_argument(
        "--provider", choices=("auto", "cpu", "cuda", "webgpu", "coreml"), default="cpu", help="default cpu"
    )
    add_checkpoint_argument(parser)


def add_checkpoint_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        choices=("last", "best"),
        default="last",
        help="of a run: the newest, or the best that was seen while it trained (default last)",
    )
    parser.add_argument(
        "--direction",
        metavar="A-to-B",
        help="of a run with a generator for each direction: which (default: from its source to its target)",
    )


def positive(kind: type):
    """An argparse type: a number of `kind` above zero."""

    def number(text: str):
        value = kind(text)
        if not value > 0:
            raise ValueError(text)
        return value

    number.__name__ = "positive number"  # argparse names it in its message
    return number
