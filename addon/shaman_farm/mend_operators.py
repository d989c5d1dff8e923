"""What the report complains about, mended in the scene. Afterwards the report is made anew."""

import os
from collections.abc import Iterator
from typing import Any

import bpy

from . import sending, submission


class _Mending:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return submission.current() is not None


class ShamanFarmFindMissing(_Mending, bpy.types.Operator):
    """Look for the missing files below a folder, by their names"""

    bl_idname = "shaman_farm.find_missing"
    bl_label = "Find Missing Files"
    bl_options = {"UNDO"}

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.directory = os.path.dirname(bpy.data.filepath)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.file.find_missing_files(directory=self.directory)
        sending.again()
        return {"FINISHED"}


class ShamanFarmMakeRelative(_Mending, bpy.types.Operator):
    """Make all paths relative to this .blend, so that they hold on other machines too"""

    bl_idname = "shaman_farm.make_relative"
    bl_label = "Make Paths Relative"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.file.make_paths_relative()
        sending.again()
        return {"FINISHED"}


class ShamanFarmPackFiles(_Mending, bpy.types.Operator):
    """Put the files from outside the project into this .blend. Images, fonts and sounds can be"""

    bl_idname = "shaman_farm.pack_files"
    bl_label = "Pack into the .blend"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        current = submission.current()
        outside = {item["path"] for item in ((current and current.report) or {}).get("outside") or []}
        packed, problems = 0, []
        for block in _packable():
            if _absolute(block) not in outside:
                continue
            try:
                block.pack()
                packed += 1
            except RuntimeError as error:
                problems.append(f"{block.name}: {str(error).strip()}")
        for problem in problems:
            self.report({"WARNING"}, problem)
        if packed == 0:
            self.report({"WARNING"}, "None of these can be packed: they are movies, caches or libraries")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Packed {packed} of {len(outside)} files into the .blend")
        sending.again()
        return {"FINISHED"}


class ShamanFarmCheckAgain(_Mending, bpy.types.Operator):
    """Look at the scene anew"""

    bl_idname = "shaman_farm.check_again"
    bl_label = "Check Again"

    def execute(self, context: bpy.types.Context) -> set[str]:
        sending.again()
        return {"FINISHED"}


def _packable() -> Iterator[Any]:
    """Data that can hold its file. What is linked from a library is the library's to change."""
    for image in bpy.data.images:
        if image.source in ("FILE", "TILED"):
            yield from _own(image)
    for blocks in (bpy.data.fonts, bpy.data.sounds):
        for block in blocks:
            yield from _own(block)


def _own(block: Any) -> Iterator[Any]:
    if block.library is None and block.packed_file is None and block.filepath not in ("", "<builtin>"):
        yield block


def _absolute(block: Any) -> str:
    return os.path.normpath(bpy.path.abspath(block.filepath))


classes = (
    ShamanFarmFindMissing,
    ShamanFarmMakeRelative,
    ShamanFarmPackFiles,
    ShamanFarmCheckAgain,
)
