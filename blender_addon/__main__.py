"""`python -m blender_addon` is `gancube`. Does nothing else."""

from .cli import script

if __name__ == "__main__":
    script()
