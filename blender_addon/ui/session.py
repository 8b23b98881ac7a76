"""What lives as long as Blender runs: the child process, the job, the latest result. Nothing of it is saved.

One job at a time, for one button. The panel reads the module's variables, the operators set them.
"""

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine import runtime
from ..engine.client import Client
from ..engine.surface_request import SurfaceRequest
from ..scene.place import Place
from .job import Job, Texture, provider_line
from .live_job import LiveJob
from .preferences import ADDON, Choice, chosen
from .sketch_job import SketchJob
from .transform_job import TransformJob, TransformWish
from .weather_job import WeatherJob


@dataclass(frozen=True)
class Result:
    """Everything that a surface is built from; the redo panel builds it again without the generator."""

    textures: dict[int, Texture]  # by their number on the surface
    colorspaces: dict[str, str]  # map name -> Blender's name of its colour space
    recipe: str
    place: Place  # where it was asked for; Adjust Last Operation stays there


client: Client | None = None
client_for: Choice | None = None  # the preferences that `client` was made for
job: Job | LiveJob | SketchJob | None = None
error = ""  # of the latest job, shown in the panel
provider = ""  # what the latest job ran on, shown in the panel
device = ""  # the processor or graphics card that it was, shown in the preferences
_keys = itertools.count(1)
results: dict[str, Result] = {}  # key in the operator's hidden property -> result; the latest one only


def busy() -> bool:
    """A job runs, or its result has yet to land."""
    return job is not None and job.open


def status() -> tuple:
    """What the panel's progress bar shows; () when there is none."""
    return (*job.words, job.progress) if busy() else ()


def cancel() -> None:
    if job is not None:
        job.cancel()


def landed() -> None:
    global provider, device
    if job is not None:
        job.state = "landed"
        provider, device = provider_line(job.loaded), job.loaded.get("device_name", "")


def user_folder() -> Path | None:
    """The extension's own writable folder; None where this is not an installed extension."""
    if not ADDON.startswith("bl_ext."):
        return None
    return Path(bpy.utils.extension_path_user(ADDON, path="runtime"))


def runtime_folder() -> Path | None:
    """The folder with the onnxruntime for this Python (WorkerError if there is none)."""
    return runtime.find(sys.path, user_folder())


def child(choice: Choice) -> Client:
    """The child process as the preferences want it; it is started by its first request."""
    global client, client_for
    if client is None or client_for != choice:
        close()
        client, client_for = new_client(choice), choice
    return client


def new_client(choice: Choice) -> Client:
    """A child process of its own, not yet started."""
    if choice.own_python:
        return Client(choice.python)
    # numpy of this Blender, as a last resort: Blender's own Python finds its own without it
    numpy = {str(Path(f)) for f in sys.path if f and (Path(f) / "numpy" / "__init__.py").exists()}
    return Client(choice.python, sys.path, user_folder(), last=sorted(numpy))


def start(
    asked: SurfaceRequest, only: tuple[int, ...] | None = None, walks: tuple[float, ...] | None = None
) -> Job:
    """Begins the images `only` (None: all) of what is asked, whose model is a file; GanCubeError if that cannot be.

    walks: of an animation the walk of each frame.
    """
    global job, error
    error = ""
    asked.faces()  # what cannot be is said before a process is started
    job = Job(child(chosen()), asked, options(), only, walks).start()
    return job


def options() -> dict:
    """Of every request to the worker."""
    choice = chosen()
    return {"provider": choice.provider, "threads": choice.threads, "blender": bpy.app.version_string}


def start_transform(wish: TransformWish) -> TransformJob:
    """Begins to change pictures; GanCubeError if that cannot be."""
    global job, error
    error = ""
    job = TransformJob(child(chosen()), wish, options()).start()
    return job


def start_weather(wish: TransformWish, bakes) -> WeatherJob:
    """Begins to bake meshes; the sources of the wish are what `bakes` returns."""
    global job, error
    error = ""
    job = WeatherJob(child(chosen()), wish, options(), bakes=bakes).start()
    return job


def start_live(have: SurfaceRequest, order: tuple[int, ...], in_view: int) -> LiveJob:
    """Begins a generation whose wish will change; the images are those of `have` so far."""
    global job, error
    error = ""
    job = LiveJob(child(chosen()), options(), have, order, in_view)
    return job


def start_sketch(name: str) -> SketchJob:
    """Begins to follow the image of that name."""
    global job, error
    error = ""
    job = SketchJob(child(chosen()), options(), name)
    return job


def result_of(done: Job, place: Place) -> Result:
    return Result(done.textures, done.loaded["colorspaces"], done.recipe, place)


def keep(result: Result) -> str:
    """Keeps it for Adjust Last Operation; returns its key."""
    key = str(next(_keys))
    results.clear()  # pictures are large, and the redo panel only ever shows the latest operator
    results[key] = result
    return key


def close() -> None:
    global client, client_for, job
    cancel()
    if client is not None:
        client.close()
    client = client_for = job = None
    results.clear()
