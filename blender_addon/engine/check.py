"""Everything that is wrong with a model file, not only the first thing. Numpy and onnxruntime only; never bpy.

Behind `gancube models check FILE`, and the last step of gan_train's export.
"""

import numpy as np

from .card import parse_card
from .errors import GanCubeError
from .latents import draw
from .match import card_text, file_faults, graph_faults
from .measures import SEAM_LIMIT, tile_seam
from .model import Model
from .onnx_file import read_onnx
from .pixels import shown
from .preview import LEAST, fidelity

SEAM_MARGIN = (
    1.5  # a single texture may exceed SEAM_LIMIT by chance; half as much again is a graph that does not wrap
)

MOST_OFF = 2  # of 255: what a part of a picture may differ from the whole


def check_file(path, provider: str = "cpu", threads: int | None = None) -> list[str]:
    """A sentence per fault; empty for a good file. Reads, compares, and where it is safe to, runs it at two sizes."""
    try:
        onnx = read_onnx(path)
    except GanCubeError as error:
        return [str(error)]
    unsafe = file_faults(onnx)
    found = list(unsafe)
    try:
        card = parse_card(card_text(onnx), str(path))
        found += graph_faults(onnx, card)
    except GanCubeError as error:
        found.append(error)
    if not found:
        found += _run_faults(path, provider, threads)
    return [str(fault) for fault in found]


def _run_faults(path, provider, threads) -> list:
    try:
        model = Model.load(path, provider, threads, verify=False)
    except GanCubeError as error:
        return [error]
    found = []
    try:
        result = model.check_test_vector()
        if not result.ok:
            found.append(
                f"{path}: test_vector: off by {result.max_error:.3g}, "
                f"allowed {result.tolerance:.3g} on {model.provider}. The weights are not those of the card."
            )
    except GanCubeError as error:
        found.append(error)
    card = model.card
    if card.takes_picture and not found:
        found += _part_faults(path, model)
    if card.preview and not found:
        found += _preview_faults(path, model)
    sizes = [card.default_size] if card.fixed_size else [card.default_size, card.default_size + card.stride]
    for size in sizes:
        try:
            texture = model.render(card.test_vector.seed, size=size)
        except GanCubeError as error:
            if str(error) not in map(str, found):
                found.append(error)
            continue
        r = tile_seam(shown(texture.maps)) if size >= 4 else 0.0
        if card.tileable and r > SEAM_LIMIT * SEAM_MARGIN:
            found.append(
                f"{path}: tileable: is true, but at {size} px the image does not tile (r = {r:.2f}, "
                f"at most {SEAM_LIMIT})."
            )
    return found


def _preview_faults(path, model: Model) -> list:
    try:
        near = fidelity(model, model.card.test_vector.seed)
    except GanCubeError as error:
        return [error]
    if near >= LEAST:
        return []
    return [
        f"{path}: preview: shows something else than the texture (PSNR {near:.1f} dB, at least {LEAST:g}). "
        "Take it out of the card."
    ]


def _part_faults(path, model: Model) -> list:
    """A part with its margin must give what the whole picture gives, or the cuts of large pictures would be seen."""
    card, image = model.card, model.card.input("image")
    feeds = draw(card, card.test_vector.seed)
    side, scale = card.default_size, card.scale
    first, length = (max(side // 4 // card.stride, 1) * card.stride for _ in range(2))
    at = np.arange(first - image.margin, first + length + image.margin) % side
    part = {**feeds, image.name: np.ascontiguousarray(feeds[image.name][:, :, at[:, None], at])}
    inside, core = (slice(n * scale, (n + length) * scale) for n in (first, image.margin))
    try:
        whole = model.run_picture(feeds)[0, :, inside, inside]
        alone = model.run_picture(part)[0, :, core, core]
    except GanCubeError as error:
        return [error]
    low, high = card.output.range
    off = float(np.abs(whole - alone).max()) / (high - low) * 255
    if off <= MOST_OFF:
        return []
    return [
        f"{path}: inputs: margin: is {image.margin}, but a part with it differs from the whole by {off:.1f} of 255 "
        f"(at most {MOST_OFF}). The network reaches farther, or looks at the whole picture."
    ]
