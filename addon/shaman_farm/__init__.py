"""Shaman Farm: sends scenes to a render farm and shows what becomes of them."""

import bpy

from . import (
    background,
    broken_pipes,
    downloads,
    farm_info,
    farm_operators,
    job_operators,
    mend_operators,
    my_jobs,
    neighbours,
    panel,
    panel_farm,
    places,
    preferences,
    scene,
    sending,
    submit_operators,
    unfinished,
)
from .submission import Submission

_classes = tuple(
    each
    for module in (
        preferences,
        submit_operators,
        farm_operators,
        mend_operators,
        job_operators,
        panel_farm,
        panel,
    )
    for each in module.classes
)


def register() -> None:
    broken_pipes.ignore()
    places.register()
    for each in _classes:
        bpy.utils.register_class(each)
    bpy.types.WindowManager.shaman_farm_result = bpy.props.StringProperty(
        name="Result", description="Outcome of the last scripted submission, as JSON"
    )
    preferences.when_shown(panel_farm.draw_preferences)
    preferences.on_change(_farm_changed)
    scene.register()
    my_jobs.register()
    unfinished.register()
    sending.on_end(_submission_ended)
    # The preferences and the scene are not there yet while Blender starts.
    bpy.app.timers.register(_started, first_interval=0.0)


def unregister() -> None:
    if bpy.app.timers.is_registered(_started):
        bpy.app.timers.unregister(_started)
    sending.unregister()
    downloads.unregister()
    background.unregister()
    unfinished.unregister()
    my_jobs.unregister()
    scene.unregister()
    neighbours.unregister()
    farm_info.unregister()
    preferences.unregister()
    del bpy.types.WindowManager.shaman_farm_result
    for each in reversed(_classes):
        bpy.utils.unregister_class(each)
    broken_pipes.restore()


def _started() -> None:
    farm_info.load()
    _ask_farm()


def _farm_changed() -> None:
    farm_info.forget()
    _ask_farm()


def _ask_farm() -> None:
    # Scripts ask when they need to know.
    if bpy.app.online_access and not bpy.app.background:
        farm_info.refresh()


def _submission_ended(ended: Submission) -> None:
    if ended.problem and ended.problem.get("code") == "JOB_TYPE_CHANGED":
        farm_info.refresh()
