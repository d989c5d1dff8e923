"""Where the add-on keeps files of its own: in Blender's folder of the user, found once on the main thread."""

from pathlib import Path

import bpy

_base = Path()


def register() -> None:
    global _base
    _base = Path(bpy.utils.extension_path_user(__package__, create=True))


def folder(name: str) -> Path:
    path = _base / name
    path.mkdir(parents=True, exist_ok=True)
    return path
