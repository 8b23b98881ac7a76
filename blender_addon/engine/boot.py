"""First file that the child process runs: finds its onnxruntime, then hands over to worker.py. Never bpy.

    python -I -X utf8 boot.py '{"search": [...], "user_folder": ..., "last": [...], "idle": 300.0}'

search: the sys.path of Blender, where its shared folder of wheels is, or null where the interpreter is the
user's own and brings its onnxruntime; user_folder: where to unpack ours, or null; last: folders to append;
idle: seconds without a request after which the child ends.

Installed, this package is `bl_ext.<repository>.gancube`, a name that only Blender can import. The
child imports the same folder under the private name `gancube_child`, so relative imports work.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

EXPLAINED = 4  # exit code: the last line on stderr is a sentence for whoever pressed the button
RESTED = 5  # exit code: nobody asked for anything for a while


def main(setting: dict) -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.spec_from_file_location(
        "gancube_child", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = package
    spec.loader.exec_module(package)

    errors = importlib.import_module("gancube_child.engine.errors")
    try:
        if setting["search"] is not None:
            runtime = importlib.import_module("gancube_child.engine.runtime")
            user_folder = Path(setting["user_folder"]) if setting["user_folder"] else None
            sys.path.insert(0, str(runtime.find(setting["search"], user_folder)))
        sys.path += setting["last"]
        worker = load_worker(errors)
    except errors.GanCubeError as error:
        print(error, file=sys.stderr)
        sys.exit(EXPLAINED)
    worker.main(setting["idle"])


def load_worker(errors):
    try:
        return importlib.import_module("gancube_child.engine.worker")
    except (ImportError, OSError) as error:
        raise errors.WorkerError(
            f"{sys.executable} cannot load what the generator needs ({error}). {errors.OTHER_PYTHON}"
        ) from error


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
