"""The job that is about to be made: its name, priority and type, and the settings of that type."""

from typing import Any

import bpy

from . import scene, settings, submission
from .farm_info import FarmInfo
from .job_types import JobType, Setting
from .setting_properties import link_key
from .texts import draw_text


def draw_job(
    layout: bpy.types.UILayout, context: bpy.types.Context, info: FarmInfo, job_type: JobType | None
) -> None:
    group = context.scene.shaman_farm
    column = layout.column()
    column.prop(group, "job_name", placeholder=scene.job_name(context.scene))
    row = column.row(align=True)
    row.prop(group, "priority")
    row.prop_menu_enum(group, "priority_word", text=scene.priority_word(group.priority))
    column.prop(group, "start_paused")
    if info.tags:
        column.prop(group, "tag")
    column.prop(group, "job_type")
    values = getattr(context.scene, "shaman_farm_settings", None)
    if job_type is None or values is None:
        layout.label(text="Choose a job type", icon="INFO")
        return
    column = layout.column()
    computed = settings.shown(context, job_type, scene.job_name(context.scene), info.output_root)
    for setting in job_type.settings:
        if setting.is_shown and hasattr(values, setting.key):
            _draw_setting(column, values, setting, computed.get(setting.key))
    if any(value.needs_approval for value in computed.values()):
        layout.operator("shaman_farm.approve", icon="SCRIPT")


def draw_options(layout: bpy.types.UILayout, context: bpy.types.Context, info: FarmInfo) -> None:
    group = context.scene.shaman_farm
    layout.prop(group, "project")
    layout.prop(group, "review")
    layout.prop(group, "ignore_missing", text="Submit without Missing Files")
    if info.is_ours:
        layout.prop(group, "reuse")


def _draw_setting(
    column: bpy.types.UILayout, values: Any, setting: Setting, computed: settings.Shown | None
) -> None:
    row = column.row(align=True)
    problem = submission.problem_of_setting(setting.key) or (computed.problem if computed else "")
    row.alert = bool(problem)
    text = computed.text if computed else ""
    if settings.is_computed(values, setting):
        split = row.split(factor=0.4)
        split.alignment = "RIGHT"
        split.label(text=setting.title)
        split.label(text=text)
    elif text and setting.type == "string" and not setting.choices:
        row.prop(values, setting.key, placeholder=text)
    else:
        row.prop(values, setting.key)
    if setting.is_linkable:
        is_linked = getattr(values, link_key(setting))
        icon = "LINKED" if is_linked else "UNLINKED"
        row.prop(values, link_key(setting), text="", icon=icon, toggle=True)
    elif setting.expression and setting.is_editable:
        row.operator("shaman_farm.compute", text="", icon="SCRIPT").key = setting.key
    if setting.subtype == "file_path" and text:
        row.operator("shaman_farm.open_path", text="", icon="FILE_FOLDER").path = text
    if problem:
        error = column.column(align=True)
        error.alert = True
        draw_text(error, problem, "ERROR")
