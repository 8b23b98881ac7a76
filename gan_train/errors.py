"""The exceptions of gan_train; imports only the tree it hangs on, touches nothing.

GanCubeError                      (blender_addon.engine.errors)
 +- DatasetError      a folder, image or dataset.json that cannot be used
 +- ConfigError       an unknown or impossible setting, preset or key
 +- CheckpointError   a run that is missing, in use, or belongs to another dataset or configuration
 |   +- DamagedError  a checkpoint that is not whole; the one before it may be
 +- TrainingError     training itself went wrong (loss not finite, out of memory)
     +- CollapseError  diversity collapse, where the run was told to stop at it
     +- NotFiniteError a loss, a gradient or a weight that is no number any more

Each message is written for the person who can fix it; the command prints it and ends with exit code 2, after a
CollapseError with 3: a script can then tell a run that went wrong from a command that did.
"""

from blender_addon.engine.errors import GanCubeError


class DatasetError(GanCubeError):
    """A folder, an image or a dataset.json that cannot be used."""


class ConfigError(GanCubeError):
    """An unknown or impossible setting, preset or key."""


class CheckpointError(GanCubeError):
    """A run that is missing, in use, or belongs to another dataset or configuration."""


class DamagedError(CheckpointError):
    """A checkpoint that is not whole; the one before it may be."""


class TrainingError(GanCubeError):
    """Training itself went wrong: a loss that is not finite, not enough memory."""


class CollapseError(TrainingError):
    """Diversity collapse, in a run that was told to stop at it."""

    exit_code = 3


class NotFiniteError(TrainingError):
    """A loss, a gradient or a weight that is no number any more. `terms`: "phase/term" -> value, of that step."""

    def __init__(self, step: int, what: str, advice: str, terms: dict[str, float]):
        super().__init__(f"step {step}: {what} is not finite. {advice}")
        self.step, self.what, self.advice, self.terms = step, what, advice, terms
