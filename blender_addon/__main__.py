"""`python -m blender_addon`, and the program `gancube`: loads the command and runs it. Does nothing else."""

import sys


def script() -> None:
    try:
        from .cli import script as run

        run()
    except KeyboardInterrupt:  # while it was loading
        sys.exit(130)


if __name__ == "__main__":
    script()
