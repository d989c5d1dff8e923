"""Shaman Farm: sends scenes to a render farm and shows what becomes of them."""

from typing import Any

import bpy

from . import (
    background,
    broken_pipes,
    farm_info,
    my_jobs,
    operators,
    panel,
    preferences,
    scene,
    submission,
)

_classes = (preferences.ShamanFarmPreferences, *operators.classes, *panel.classes)


def register() -> None:
    broken_pipes.ignore()
    for each in _classes:
        bpy.utils.register_class(each)
    bpy.types.WindowManager.shaman_farm_result = bpy.props.StringProperty(
        name="Result", description="Outcome of the last scripted submission, as JSON"
    )
    scene.register()
    my_jobs.register()
    submission.on_end(_submission_ended)
    # The preferences and the scene are not there yet while Blender starts.
    bpy.app.timers.register(_started, first_interval=0.0)


def unregister() -> None:
    if bpy.app.timers.is_registered(_started):
        bpy.app.timers.unregister(_started)
    current = submission.current()
    if current and not current.is_ended:
        current.cancel()
    submission.unregister()
    background.unregister()
    my_jobs.unregister()
    scene.unregister()
    farm_info.unregister()
    del bpy.types.WindowManager.shaman_farm_result
    for each in reversed(_classes):
        bpy.utils.unregister_class(each)
    broken_pipes.restore()


def _started() -> None:
    farm_info.load()
    if bpy.app.online_access and not bpy.app.background:
        farm_info.refresh()


def _submission_ended(ended: Any) -> None:
    if ended.result:
        my_jobs.remember(ended.result)
    if ended.problem and ended.problem.get("code") == "JOB_TYPE_CHANGED":
        farm_info.refresh()
