"""A run of a batch: what is missing is made, moved whole into the output folder, and reported. Never numpy, never bpy.

    OUT/NAME/NAME.glb ...  NAME.thumbnail.png  NAME.report.json       one folder an asset (or flat: OUT/NAME.glb ...)
    OUT/report.jsonl  report.html  contact_sheet.png
    OUT/.gancube/     lock, and the folders that workers fill

Previous station: batch_command.py. Next: batch_pool.py (the workers), engine/batch_report.py, engine/report_page.py.
"""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .batch_pool import Answer, Order, Pool
from .engine import asset_catalog, batch_report, file_lock
from .engine.batch_report import BESIDE, FAILED, MADE, PAGE, ROOM, SHEET, THUMBNAIL, Line
from .engine.errors import OutputError
from .engine.files import write_atomic
from .engine.plan import LAYOUTS, Asset, Plan

TRIAL = 4 * 2**20  # bytes that must still fit when an asset could not be written


@dataclass
class Run:
    """The state of a run. lines: {asset: what is known of it}, of earlier runs too."""

    plan: Plan
    out: Path
    lines: dict[str, Line] = field(default_factory=dict)
    skipped: int = 0  # made before
    made: list[str] = field(default_factory=list)  # now
    failed: list[str] = field(default_factory=list)  # now and before
    stopped: str = ""  # why not all were tried
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        return self.skipped + len(self.made) + len(self.failed)

    @property
    def rate(self) -> float:
        """Assets made in a second of this run."""
        return len(self.made) / max(time.monotonic() - self.began, 1e-3)


@contextlib.contextmanager
def opened(out: Path) -> Iterator[None]:
    """The output folder for this run alone; what a killed run left half made is removed."""
    with contextlib.ExitStack() as room:
        if (out / ROOM).is_symlink():
            raise OutputError(f"{out / ROOM}: is a link. Remove it, or choose another folder.")
        try:
            (out / ROOM).mkdir(parents=True, exist_ok=True)
            room.enter_context(file_lock.held(out / ROOM / "lock"))
        except BlockingIOError as error:
            raise OutputError(
                f"{out}: is used by another run. Wait for its end, or choose another folder."
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(f"{out}: cannot be written to ({reason}). Choose another folder.") from error
        remove_rest(out)
        try:
            yield
        finally:
            remove_rest(out)


def remove_rest(out: Path) -> None:
    for rest in (out / ROOM).iterdir():
        if rest.is_dir():
            shutil.rmtree(rest, ignore_errors=True)


def remember(run: Run, retry_failed: bool) -> list[Asset]:
    """The assets that are to be made; the others are counted."""
    run.lines = batch_report.read(run.out)
    missing = []
    for asset in run.plan.assets:
        line = run.lines.get(asset.name)
        if line is None or line.status != MADE:
            # moved whole by a run that was killed before it wrote the line
            line = batch_report.beside(run.out, asset, run.plan.layout) or line
        if batch_report.is_whole(run.out, asset, line, run.plan.layout):
            run.lines[asset.name] = line
            run.skipped += 1
        elif not retry_failed and line is not None and line.status == FAILED and line.key == asset.key():
            run.failed.append(asset.name)
        else:
            missing.append(asset)
    return missing


def make(
    run: Run,
    pool: Pool,
    missing: list[Asset],
    tell: Callable[[Run, Line | None], None] = lambda run, line: None,
    wants_end: Callable[[], bool] = lambda: False,
) -> None:
    """Makes the assets. tell: after each, and with None now and then. wants_end: no more, only what is in hand."""
    tell_catalogs(run)
    token = secrets.token_hex(4)
    with pool.running(), report_file(run) as append:
        for number, asset in enumerate(missing):
            pool.add(Order(number, asset, run.out / ROOM / f"{token}-{number}"))
        while pool.waiting or pool.in_hand:
            for answer in pool.answers():
                line = settled(run, answer)
                if line.status == FAILED and (full := cannot_write(run.out)):
                    run.stopped = full
                    return
                append(line)
                run.lines[line.asset] = line
                (run.made if line.status == MADE else run.failed).append(line.asset)
                tell(run, line)
            tell(run, None)
            if wants_end() and pool.waiting:
                pool.withdraw()
                run.stopped = "stopped"


def tell_catalogs(run: Run) -> None:
    """The output folder becomes an asset library: the catalogs that the .blend files name are in its file."""
    for catalog in dict.fromkeys(asset.catalog for asset in run.plan.assets if asset.catalog):
        if asset_catalog.ensure(run.out, catalog) != asset_catalog.new_uuid(catalog):
            file = run.out / asset_catalog.FILE
            raise OutputError(
                f"{file}: has a catalog {catalog!r} of its own. Choose another folder or catalog."
            )


@contextlib.contextmanager
def report_file(run: Run) -> Iterator[Callable[[Line], None]]:
    """A function that adds a line; the file begins with the lines of earlier runs."""
    batch_report.write(run.out, list(run.lines.values()))
    with (run.out / batch_report.FILE).open("a", encoding="utf-8") as file:

        def append(line: Line) -> None:
            file.write(line.dumps() + "\n")
            file.flush()

        yield append


def settled(run: Run, answer: Answer) -> Line:
    """The line of an asset that a worker is done with; its files are in their place after this."""
    order, said = answer.order, answer.said
    asset = order.asset
    try:
        if said["event"] == "made":
            try:
                return placed(run, order, said)
            except (OSError, OutputError) as error:
                said = {**said, "error": str(error) or type(error).__name__}
        facts = {"seconds": said["seconds"], "validator": said.get("validator", {}), "error": said["error"]}
        return Line(asset.name, FAILED, asset.key(), **facts)
    finally:
        shutil.rmtree(order.folder, ignore_errors=True)


def placed(run: Run, order: Order, said: dict) -> Line:
    """Moves the folder that a worker filled. Beside the files, and after them, stands the line itself."""
    asset, out, layout = order.asset, run.out, run.plan.layout
    place = batch_report.place_of(asset, layout)
    above = place.rpartition("/")[0]
    files = tuple({**one, "path": f"{above}/{one['path']}".lstrip("/")} for one in said["files"])
    line = Line(asset.name, MADE, asset.key(), said["recipe"], files, said["seconds"], said["validator"])
    beside = asset.title + BESIDE
    write_atomic(order.folder / beside, line.dumps().encode() + b"\n")
    target = out / above
    check_inside(out, target)
    if layout == "folders":
        target.parent.mkdir(parents=True, exist_ok=True)
        move_away(run, asset, target, order.folder)
        os.rename(order.folder, target)
    else:
        target.mkdir(parents=True, exist_ok=True)
        names = sorted(os.listdir(order.folder), key=lambda name: name == beside)
        for name in names:
            move_away(run, asset, target / name, order.folder)
            os.rename(order.folder / name, target / name)
    remove_older(run, asset, line)
    return line


def remove_older(run: Run, asset: Asset, line: Line) -> None:
    """What an earlier run made of this asset elsewhere, in the other layout, as far as nobody has changed it since."""
    before = run.lines.get(asset.name)
    left = [one["path"] for one in before.files if batch_report.is_unchanged(run.out, one)] if before else []
    left += [
        batch_report.place_of(asset, layout) + BESIDE
        for layout in LAYOUTS
        if layout != run.plan.layout and batch_report.beside(run.out, asset, layout) == before
    ]
    inside, kept = run.out.resolve(), {one["path"] for one in line.files}
    for path in (run.out / path for path in left if path not in kept):
        if path.resolve().is_relative_to(inside):
            with contextlib.suppress(OSError):  # it is only in the way
                path.unlink(missing_ok=True)
                for folder in path.relative_to(run.out).parents[:-1]:
                    (run.out / folder).rmdir()


def check_inside(out: Path, folder: Path) -> None:
    """A link in the output folder would lead the files to where nobody looks for them."""
    if not folder.resolve().is_relative_to(out.resolve()) or folder.is_symlink():
        raise OutputError(
            f"{folder}: leads out of the output folder by a link. Remove it, or choose another folder."
        )


def move_away(run: Run, asset: Asset, path: Path, folder: Path) -> None:
    """What an earlier run made under this name goes; what it did not make stays, and is in the way."""
    if not path.exists():
        return
    before = batch_report.beside(run.out, asset, run.plan.layout) or run.lines.get(asset.name)
    if before is None or before.asset != asset.name:
        raise OutputError(
            f"{path}: is there already, and not from a batch. Move it away, or choose another folder."
        )
    old = folder.with_name(f"{folder.name}-old")
    os.rename(path, old)
    shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink()


def cannot_write(out: Path) -> str:
    """A sentence where the folder takes no more: then the rest would fail as well, and is left for the next run."""
    trial = out / ROOM / "trial"
    try:
        trial.write_bytes(bytes(TRIAL))
    except OSError as error:
        return f"{out}: takes no more files ({error.strerror or error})."
    finally:
        with contextlib.suppress(OSError):
            trial.unlink(missing_ok=True)
    return ""


def finish(run: Run) -> None:
    """report.jsonl in the order of the plan, the page and the sheet; what was made once and is gone is not in them."""
    from .engine import batch_picture, report_page

    run.lines = {name: line for name, line in run.lines.items() if not batch_report.is_gone(run.out, line)}
    names = [asset.name for asset in run.plan.assets]
    known = {name: run.lines[name] for name in names if name in run.lines}
    rest = [line for name, line in run.lines.items() if name not in known]
    batch_report.write(run.out, [*known.values(), *rest])
    shown = [*known.values(), *rest]
    pictures = {line.asset: thumbnail_of(line) for line in shown}
    write_atomic(run.out / PAGE, report_page.page(shown, pictures).encode())
    there = [run.out / path for line in shown if (path := pictures[line.asset])]
    models = sorted({line.recipe["model"]["name"] for line in shown if line.recipe})
    write_atomic(run.out / SHEET, batch_picture.contact_sheet(there, models))


def thumbnail_of(line: Line) -> str:
    return next((one["path"] for one in line.files if one["path"].endswith(THUMBNAIL)), "")
