"""The one exception tree of the add-on. Standard library only; never bpy.

GanCubeError              anything a person can fix; the command exits with 2, the operator reports it
 +- CardError             card missing, malformed, of a newer schema, or naming an input the graph lacks
 +- ModelError            no such model, not ONNX, truncated, external data, custom operators, wrong output
 +- ProviderError         the execution provider asked for is not available
 +- RequestError          a size, seed, label, scalar or count that cannot be served
 +- RecipeError           a recipe that cannot be read or is not ours
 +- ImageError            a PNG that cannot be read or written
 +- OutputError           a file that cannot be written
 +- PlanError             a plan for a batch: every fault of it at once
 +- SurfaceError          an object that cannot be textured
 +- WorkerError           the child process died, hung or cannot start

Each message is a sentence that says what is wrong and, where it helps, what to do. Mistakes of ours are
assertions, never one of these.
"""

# Advice where the Python of the child process will not do.
OTHER_PYTHON = (
    "Install the add-on again, or set 'Python for Generation' in its preferences to one that has onnxruntime"
)


class GanCubeError(Exception):
    """The base: str(error) is the sentence to show."""


class CardError(GanCubeError):
    """`FILE: FIELD: what is wrong with it`."""


class ModelError(GanCubeError):
    """A model file that cannot be used."""


class ProviderError(GanCubeError):
    """An execution provider (cpu, cuda, webgpu, coreml) that cannot be used."""


class RequestError(GanCubeError):
    """A request that the model cannot serve."""


class RecipeError(GanCubeError):
    """A recipe that cannot be read."""


class ImageError(GanCubeError):
    """A PNG that cannot be read or written."""


class OutputError(GanCubeError):
    """A file that cannot be written."""


class PlanError(GanCubeError):
    """A plan that cannot be followed. `faults`: a sentence for each fault, in the order of the file."""

    def __init__(self, faults):
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


class SurfaceError(GanCubeError):
    """An object that cannot be given textures: linked from a library, without faces, gone."""


class WorkerError(GanCubeError):
    """The child process that runs inference failed."""
