"""First file that a batch's worker runs: gives the package a name and hands over to batch_worker.py. Does nothing else.

    python -X utf8 batch_child.py -- '{"path": sys.path of the command, ...}'        (the module bpy)
    blender -b --factory-startup --python batch_child.py -- '{...}'                  (Blender)

Installed, this package is `bl_ext.<repository>.gancube`, which a Blender started with --factory-startup does not know.
"""

import importlib
import importlib.util
import json
import os
import sys

MARK = "\x1egancube "  # before each line that is meant for the command: Blender prints too
EXPLAINED = 4  # exit code: the last line on stderr is a sentence for whoever gave the command


def main(setting: dict) -> None:
    folder = os.path.dirname(os.path.abspath(__file__))
    there = [one for one in sys.path if one != folder]  # Python puts a script's folder in front
    sys.path[:] = [one for one in setting["path"] if one not in there] + there
    spec = importlib.util.spec_from_file_location(
        "gancube_batch", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)
    importlib.import_module("gancube_batch.batch_worker").main(setting)


if __name__ == "__main__":
    main(json.loads(sys.argv[sys.argv.index("--") + 1]))
