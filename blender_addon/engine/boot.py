"""First file that the child process runs: finds its onnxruntime, then hands over to worker.py. Never bpy.

    python -I -X utf8 boot.py '{"search": [...], "user_folder": ..., "last": [...]}'

search: the sys.path of Blender, where its shared folder of wheels is, or null where the interpreter is the
user's own and brings its onnxruntime; user_folder: where to unpack ours, or null; last: folders to append.

Installed, this package is `bl_ext.<repository>.gancube`, a name that only Blender can import. The
child imports the same folder under the private name `gancube_child`, so relative imports work.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

EXPLAINED = 4  # exit code: the last line on stderr is a sentence for whoever pressed the button


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
    except errors.GanCubeError as error:
        print(error, file=sys.stderr)
        sys.exit(EXPLAINED)
    sys.path += setting["last"]
    importlib.import_module("gancube_child.engine.worker").main()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
