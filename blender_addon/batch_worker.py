"""The worker of a batch: assets in, folders of files out. One process with a Blender and a generator of its own.

    in:  {"do": "asset", "number", "asset": plan.Asset as a dict, "folder": to be filled}
    out: ready; begun, made | failed, each with number; every line behind MARK, since Blender prints too

A thread generates the next asset while the main thread exports this one: onnxruntime works without Python's lock. The
process ends at the end of its input: when the command is gone, nobody wants the rest. Previous station: batch_pool.py.
Next: batch_maker.py.
"""

import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path

from .batch_child import EXPLAINED, MARK
from .batch_maker import Maker, asset_of
from .cube_command import start_blender
from .engine.errors import GanCubeError


def main(setting: dict) -> None:
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints from here on goes to the log
    try:
        Worker(setting, sink).serve()
    except GanCubeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(EXPLAINED)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


class Worker:
    def __init__(self, setting: dict, sink):
        self.maker = Maker(setting["provider"], setting["threads"], setting["check"])
        self.sink = sink
        self.orders: queue.SimpleQueue = queue.SimpleQueue()
        self.generated: queue.Queue = queue.Queue(1)
        self.speaking = threading.Lock()

    def serve(self) -> None:
        start_blender()
        for work in (self.listen, self.generate_ahead):
            threading.Thread(target=work, daemon=True).start()
        self.say(event="ready")
        while True:
            order, made, seconds = self.generated.get()
            said = self.maker.finish(order["asset"], made, Path(order["folder"]), seconds)
            self.say(number=order["number"], **said)

    def listen(self) -> None:
        """Thread: orders into the queue; the end of the input ends the process, also in the middle of an asset."""
        for line in sys.stdin:
            self.orders.put(json.loads(line))
        os._exit(0)

    def generate_ahead(self) -> None:
        """Thread: one asset ahead of the one that is exported."""
        while True:
            order = self.orders.get()
            order["asset"] = asset_of(order["asset"])
            self.say(event="begun", number=order["number"])
            seconds: dict[str, float] = {}
            try:
                made = self.maker.generate(order["asset"], seconds)
            except Exception as error:
                made = error
            self.generated.put((order, made, seconds))

    def say(self, **message) -> None:
        with self.speaking:
            self.sink.write(MARK + json.dumps(message) + "\n")
            self.sink.flush()
