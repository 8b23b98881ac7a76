"""USDZ: a zip whose files lie unpacked at multiples of 64 bytes, with fixed dates. Standard library only; never bpy.

Previous station: usda.py. Reading takes files from anywhere: sizes are limited.
"""

import io
import struct
import zipfile

from .errors import OutputError, RecipeError

ALIGNMENT = 64
PADDING = 0x1986  # id of the extra field that USD's own writer uses
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
MOST_FILES = 10_000


def package(files: dict[str, bytes]) -> bytes:
    """{name inside: content}, the root layer first -> the bytes of a .usdz."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, DATE)
            entry.create_system, entry.external_attr = 0, 0  # else they tell which system wrote it
            used = buffer.tell() + 30 + len(name.encode("utf-8")) + 4
            entry.extra = struct.pack("<HH", PADDING, -used % ALIGNMENT) + bytes(-used % ALIGNMENT)
            try:
                archive.writestr(entry, content)
            except (zipfile.LargeZipFile, struct.error) as error:
                raise OutputError("the USDZ would exceed 4 GB. Choose smaller textures.") from error
    return buffer.getvalue()


def contents(data: bytes) -> dict[str, tuple[int, bytes]]:
    """{name inside: (where its content begins in the file, content)}, in order; RecipeError on what is no USDZ."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise RecipeError("the USDZ holds too many files.")
            found = {}
            for entry in entries:
                if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                    raise RecipeError(
                        f"the USDZ holds {entry.filename[:100]!r} compressed, which USD cannot read."
                    )
                names, extra = struct.unpack_from("<HH", data, entry.header_offset + 26)
                start = entry.header_offset + 30 + names + extra
                if start + entry.file_size > len(data):
                    raise RecipeError("the USDZ is truncated.")
                found[entry.filename] = start, data[start : start + entry.file_size]
            return found
    except (zipfile.BadZipFile, struct.error, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise RecipeError(f"is no USDZ, or a damaged one ({str(error)[:80]}).") from error
