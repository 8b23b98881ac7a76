"""A model, loaded and checked: seeds in, textures out. Numpy and onnxruntime only; never bpy.

Previous station: latents.draw; next: pixels.decode. One run per texture on every provider: a texture is then the
same alone or among others, memory stays that of one, and cancelling between two comes for free.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .card import Card, parse_card
from .errors import GanCubeError, ModelError, RequestError
from .latents import Styles, draw
from .match import card_text, file_faults, graph_faults
from .onnx_file import read_onnx
from .onnx_part import part_of
from .pixels import TextureSet, decode, with_ground
from .pooling import pooled
from .providers import CHOICES as PROVIDERS
from .providers import open_session, runtime, runtime_errors
from .request import Request
from .sizes import check_size, check_start, largest_size
from .styles import from_layer, style_of
from .surface_request import resolve_label

__all__ = ["PROVIDERS", "CheckResult", "Model", "Request", "check_size", "generate"]


@dataclass(frozen=True)
class CheckResult:
    """The test vector, run here: the largest difference to the card, in units of the raw output."""

    max_error: float
    tolerance: float

    @property
    def ok(self) -> bool:
        return self.max_error <= self.tolerance


class Model:
    """Made by Model.load. `provider`: where it really runs; `check`: CheckResult; `note`: a fall-back to tell."""

    path: Path
    card: Card
    sha256: str
    provider: str
    device: str
    note: str
    check: CheckResult | None

    @classmethod
    def load(cls, path, provider: str = "auto", threads: int | None = None, verify: bool = True) -> "Model":
        """Read, check and start a model file. `threads` of a run (None: all cores); `verify`: run the test vector."""
        model = cls()
        onnx = read_onnx(path)
        for fault in file_faults(onnx):
            raise fault
        model.path, model.sha256 = onnx.path, onnx.sha256
        model.card = parse_card(card_text(onnx), str(onnx.path))
        for fault in graph_faults(onnx, model.card):
            raise fault
        model.note, model.check = "", None
        model._start(provider, threads)
        if verify:
            model._verify(provider, threads)
        return model

    @property
    def titled(self) -> Card:
        """The card under the name of its file, for messages: two generators may call themselves the same."""
        return replace(self.card, name=self.path.stem)

    def _verify(self, provider: str, threads: int | None) -> None:
        """Keep the test vector's result; ModelError where it is wrong. `auto` leaves a GPU that fails for cpu."""
        if provider == "auto" and self.provider != "cpu":
            gpu = self.provider
            try:
                self.check = self.check_test_vector()
                reason = "" if self.check.ok else "computes something else than the card says"
            except GanCubeError as error:
                reason = f"fails ({error})"
            if not reason:
                return
            self.note = f"{gpu} {reason}; running on cpu instead."
            self._start("cpu", threads)
        self.check = self.check_test_vector()
        if not self.check.ok:
            advice = (
                "The file is damaged: export or fetch it again"
                if self.provider == "cpu"
                else "Try --provider cpu"
            )
            raise ModelError(
                f"{self.path}: computes something else than its card says on {self.provider}: test vector off by "
                f"{self.check.max_error:.2g}, allowed {self.check.tolerance:.2g}. {advice}."
            )

    def _start(self, provider: str, threads: int | None) -> None:
        self.session, self.provider = open_session(self.path, provider, threads)
        self.threads, self.preview_session = threads, None  # the latter is made when first asked for
        self.device = self.session.get_providers()[0]

    def check_test_vector(self) -> CheckResult:
        """Render the card's test texture and compare it with the card's numbers."""
        check_start(self.titled)
        vector = self.card.test_vector
        raw = self.run_raw(draw(self.card, vector.seed))
        self._check_output(raw, self.card.default_size)
        mean, std = pooled(raw[0])
        errors = np.abs(np.concatenate([mean - np.array(vector.mean), std - np.array(vector.std)]))
        return CheckResult(
            float(errors.max()), vector.cpu_tolerance if self.provider == "cpu" else vector.gpu_tolerance
        )

    def run_raw(self, feeds: dict) -> np.ndarray:
        """{input name: array} -> the output as the graph gives it, [N, C, H, W] float32 in card.output.range."""
        return self._run(self.card.output.name, feeds)

    def run_picture(self, feeds: dict) -> np.ndarray:
        """Feeds with a picture -> [N, C, H, W] float32 as the graph gives it, as large as the card promises."""
        raw = self.run_raw(feeds)
        height, width = (side * self.card.scale for side in feeds[self.card.input("image").name].shape[2:])
        self._check_shape(raw, height, width)
        return raw

    def run_styles(self, feeds: dict) -> np.ndarray:
        """{input name: array} -> the styles that the graph used, [N, L, D] float32. Only where the card has styles."""
        return self._run(self.card.input("style").returns, feeds)

    def run_preview(self, feeds: dict) -> np.ndarray:
        """{input name: array} -> card.preview, [N, C, H / scale, W / scale] float32. Only where the card has one."""
        name = self.card.preview.name
        if self.preview_session is None:
            part = part_of(self.path, self.sha256, name)
            self.preview_session, _ = open_session(self.path, self.provider, self.threads, part)
        return self._run(name, feeds, self.preview_session)

    def _run(self, output: str, feeds: dict, session=None) -> np.ndarray:
        try:
            return (session or self.session).run([output], feeds)[0]
        except runtime_errors() as error:
            sentence = " ".join(str(error).split())
            if isinstance(error, MemoryError) or "alloc" in sentence.lower():
                raise RequestError(
                    f"the memory is not enough for this size. Use {largest_size(self.card)} px or less."
                ) from error
            raise ModelError(f"{self.path}: failed while running ({sentence[:300]}).") from error

    def render(
        self,
        seed: int,
        label=None,
        size: int | None = None,
        scalars: dict | None = None,
        styles: Styles | None = None,
        latents: dict | None = None,
        toward: int | None = None,
        walk: float = 0.0,
        preview: bool = False,
    ) -> TextureSet:
        """One texture. `label`: a name, {name: weight} or None for a seeded choice; `size` in pixels; `styles`: those
        of some layers, and `latents` {input name: numbers}, instead of what the seed would give them; `toward` and
        `walk`: another seed, and how far to go to it; `preview`: the same texture smaller, with the maps of
        card.preview."""
        size = check_size(self.card, size)
        feeds = draw(self.card, seed, label, size, scalars, styles, latents, toward, walk)
        smaller = self.card.preview if preview else None
        if preview and smaller is None:
            raise RequestError(f"{self.card.name} has no preview. Ask for the whole texture.")
        raw = self.run_preview(feeds) if smaller else self.run_raw(feeds)
        if smaller:
            self._check_shape(raw, size // smaller.scale, size // smaller.scale, smaller.channels)
        else:
            self._check_output(raw, size)
        maps = decode(self.card, raw[0], smaller.maps if smaller else ())
        return TextureSet(seed, resolve_label(self.card, seed, label), with_ground(maps))

    def _check_output(self, raw: np.ndarray, size: int) -> None:
        self._check_shape(raw, size * self.card.scale, size * self.card.scale)

    def _check_shape(self, raw: np.ndarray, height: int, width: int, channels: int | None = None) -> None:
        expected = (1, channels or self.card.channels, height, width)
        if raw.dtype != np.float32 or raw.shape != expected:
            raise ModelError(
                f"{self.path}: "
                f"gave {raw.dtype} {list(raw.shape)} where its card promises float32 {list(expected)}."
            )
        if not np.isfinite(raw).all():
            raise ModelError(
                f"{self.path}: gave values that are not numbers (NaN or infinite). "
                "Its training has failed; use another checkpoint."
            )


def generate(model: Model, request: Request, progress=None, preview: bool = False) -> list[TextureSet]:
    """All textures of `request`, in order; `preview` as in Model.render.

    `progress(done, count)` is called before each and at the end; what it raises (to cancel) comes through.
    """
    size = check_size(model.card, request.size)
    count, made = len(request.seeds), []
    known: dict = {}  # (texture seed, label, scalars) -> its styles
    for one in map(request.of, range(count)):
        if progress:
            progress(len(made), count)
        (seed,), (label,), (style,) = one.seeds, one.labels, one.styles or ((),)
        styles = _styles(model, style, label, one.scalars, known) if style else None
        (other,) = one.toward or (None,)
        made.append(
            model.render(seed, label, size, one.scalars, styles, one.latents, other, one.walk, preview)
        )
    if progress:
        progress(count, count)
    return made


def _styles(model: Model, style: tuple[int, int], label, scalars: dict, known: dict) -> Styles:
    seed, first = style
    key = seed, str(label), str(scalars)
    if key not in known:
        known[key] = style_of(model, seed, label, scalars)
    return from_layer(known[key], first)


def runtime_version() -> str:
    """The version of onnxruntime, for recipes."""
    return runtime().__version__
