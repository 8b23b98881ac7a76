"""Runs in a fresh Python with bpy, where opening a network socket ends the process: registers, generates, saves.

    python without_network.py FOLDER MODE      MODE: generate, or socket (shows that the guard works)

The guard is the kernel's (seccomp), so it holds for native code and for the child process too. Prints one JSON
object on the last line. Not a test itself; test_without_network.py starts it.
"""

import ctypes
import json
import os
import platform
import struct
import sys
from pathlib import Path

AUDITED = []  # what Python itself was asked to do with sockets
NUMBERS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # architecture, its socket()


def forbid_sockets() -> None:
    """From now on socket(AF_INET or AF_INET6) kills this process and every child of it; Unix ones stay allowed."""
    architecture, number = NUMBERS[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06
    kill, allow = 0x80000000, 0x7FFF0000
    program = [  # operation, skip if true, skip if false, operand
        (load, 0, 0, 4),
        (equal, 0, 5, architecture),
        (load, 0, 0, 0),
        (equal, 0, 3, number),
        (load, 0, 0, 16),  # the first argument
        (equal, 2, 0, 2),
        (equal, 1, 0, 10),
        (give, 0, 0, allow),
        (give, 0, 0, kill),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0, "no new privileges"
    assert libc.prctl(22, 2, header, 0, 0) == 0, os.strerror(ctypes.get_errno())


def main(folder: Path, mode: str) -> None:
    import bpy  # Blender 5.2 imports requests, which tries a socket to see whether there is IPv6

    sys.addaudithook(lambda event, _: AUDITED.append(event) if event.startswith("socket.") else None)
    forbid_sockets()
    if mode == "socket":
        import socket

        socket.socket()
    import blender_addon

    bpy.context.preferences.system.use_online_access = False
    blender_addon.register()
    bpy.context.scene.gancube.model = "tiny"
    bpy.context.scene.gancube.size = 64
    result = bpy.ops.gancube.generate_cube()
    bpy.ops.gancube.refresh_models()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "cube.blend"))
    blender_addon.unregister()
    print()
    print(
        json.dumps({"result": list(result), "audited": AUDITED, "online": bpy.app.online_access}), flush=True
    )
    os._exit(0)  # bpy 4.2 as a module crashes on a usual exit


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main(Path(sys.argv[1]), sys.argv[2])
