"""Runs another script, or a module, until the end of standard input: when Blender is gone, nobody wants the rest.

    python until_closed.py SCRIPT ARGUMENTS      python until_closed.py -m MODULE ARGUMENTS
    blender --python until_closed.py --python SCRIPT      where nothing is named it only listens

Standard library alone: run as a script. Whoever starts it gives it a pipe and holds the other end. The generator's own
child ends so by itself (worker.py).
"""

import os
import runpy
import sys
import threading


def listen() -> None:
    while os.read(0, 65536):
        pass
    os._exit(1)  # not sys.exit: the main thread may be deep inside a bake


if __name__ == "__main__":
    threading.Thread(target=listen, daemon=True).start()
    words = sys.argv[1:]
    if words[:1] == ["-m"]:
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words and words[0].endswith(".py"):
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
