"""The panel in the Output properties, and the same in the sidebar."""

import os
from typing import Any

import bpy

from . import farm_info, my_jobs, preferences, scene, settings, submission
from .formats import format_bytes
from .job_types import JobType, Setting

MAX_LISTED = 6
STATUS_ICONS = {
    "active": "PLAY",
    "canceled": "CANCEL",
    "cancel-requested": "CANCEL",
    "completed": "CHECKMARK",
    "deleted": "TRASH",
    "failed": "ERROR",
    "pause-requested": "PAUSE",
    "paused": "PAUSE",
    "queued": "SORTTIME",
    "requeueing": "FILE_REFRESH",
    "under-construction": "SORTTIME",
}


class _FarmPanel:
    bl_label = "Shaman Farm"

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        row = self.layout.row(align=True)
        row.emboss = "NONE"
        row.operator("shaman_farm.refresh", text="", icon="FILE_REFRESH")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        if not bpy.app.online_access:
            preferences.draw_offline(layout)
            return
        info = farm_info.current()
        if info is None or farm_info.problem():
            farm_info.draw_state(layout)
        if info is None:
            layout.operator("shaman_farm.refresh", icon="FILE_REFRESH")
            return
        job_type = info.job_type(scene.job_type_name(context.scene))
        draw_job(layout, context, info, job_type)
        draw_submission(layout, context)


class SHAMAN_FARM_PT_output(_FarmPanel, bpy.types.Panel):
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "output"


class SHAMAN_FARM_PT_sidebar(_FarmPanel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Farm"


class _JobsPanel:
    bl_label = "My Jobs"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bpy.app.online_access

    def draw(self, context: bpy.types.Context) -> None:
        draw_jobs(self.layout)


class SHAMAN_FARM_PT_output_jobs(_JobsPanel, bpy.types.Panel):
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "output"
    bl_parent_id = "SHAMAN_FARM_PT_output"


class SHAMAN_FARM_PT_sidebar_jobs(_JobsPanel, bpy.types.Panel):
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Farm"
    bl_parent_id = "SHAMAN_FARM_PT_sidebar"


def draw_job(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    info: farm_info.FarmInfo,
    job_type: JobType | None,
) -> None:
    group = context.scene.shaman_farm
    column = layout.column()
    column.prop(group, "job_name", placeholder=scene.job_name(context.scene))
    row = column.row(align=True)
    row.prop(group, "priority")
    row.prop_menu_enum(group, "priority_word", text="", icon="DOWNARROW_HLT")
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
            draw_setting(column, values, setting, computed.get(setting.key))
    if any(value.needs_approval for value in computed.values()):
        layout.operator("shaman_farm.approve", icon="SCRIPT")


def draw_setting(
    column: bpy.types.UILayout, values: Any, setting: Setting, computed: settings.Shown | None
) -> None:
    row = column.row(align=True)
    problem = submission.problem_of_setting(setting.key) or (computed.problem if computed else "")
    row.alert = bool(problem)
    if settings.is_computed(values, setting):
        split = row.split(factor=0.4)
        split.alignment = "RIGHT"
        split.label(text=setting.title)
        split.label(text=computed.text if computed else "")
    else:
        suggestion = computed.text if computed and setting.type == "string" else ""
        if suggestion and not setting.choices:
            row.prop(values, setting.key, placeholder=suggestion)
        else:
            row.prop(values, setting.key)
    if setting.is_linkable:
        is_linked = getattr(values, settings.link_key(setting))
        icon = "LINKED" if is_linked else "UNLINKED"
        row.prop(values, settings.link_key(setting), text="", icon=icon, toggle=True)
    elif setting.expression and setting.is_editable:
        row.operator("shaman_farm.compute", text="", icon="SCRIPT").key = setting.key
    if setting.subtype == "file_path" and computed and computed.text:
        row.operator("shaman_farm.open_path", text="", icon="FILE_FOLDER").path = computed.text
    if problem:
        error = column.row()
        error.alert = True
        error.label(text=problem, icon="ERROR")


def draw_submission(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    current = submission.current()
    column = layout.column()
    if current is None:
        draw_button(column)
        return
    if current.is_waiting:
        draw_question(column, context, current)
        return
    if not current.is_ended:
        column.progress(text=current.text, factor=current.fraction)
        column.operator("shaman_farm.cancel", icon="X")
        return
    draw_outcome(column, current)
    draw_button(column)


def draw_button(layout: bpy.types.UILayout) -> None:
    if not bpy.data.filepath:
        layout.label(text="Save the scene once, so that it has a place", icon="INFO")
    row = layout.row(align=True)
    row.enabled = bool(bpy.data.filepath)
    row.scale_y = 1.4
    row.operator("shaman_farm.submit", icon="RENDER_ANIMATION")
    check = row.operator("shaman_farm.submit", text="", icon="VIEWZOOM")
    check.dry_run = True


def draw_question(
    layout: bpy.types.UILayout, context: bpy.types.Context, current: submission.Submission
) -> None:
    draw_report(layout, current.report or {})
    remember = layout.row()
    remember.use_property_split = False
    remember.prop(context.scene.shaman_farm, "ignore_missing")
    layout.operator("shaman_farm.decide", icon="CHECKMARK").decision = "send"
    layout.operator("shaman_farm.cancel", icon="X")


def draw_outcome(layout: bpy.types.UILayout, current: submission.Submission) -> None:
    box = layout.box()
    row = box.row()
    if current.problem:
        row.alert = current.problem.get("code") != "CANCELED"
        for index, line in enumerate(str(current.problem.get("message", "")).splitlines()[:8]):
            (row if index == 0 else box).label(text=line, icon="ERROR" if index == 0 else "BLANK1")
        row.operator("shaman_farm.dismiss", text="", icon="X", emboss=False)
        if current.problem.get("hint"):
            box.label(text=str(current.problem["hint"]), icon="INFO")
    elif current.result:
        row.label(text=current.text, icon="CHECKMARK")
        row.operator("wm.url_open", text="", icon="URL").url = current.result["url"]
        row.operator("shaman_farm.dismiss", text="", icon="X", emboss=False)
        column = box.column(align=True)
        for line in receipt_lines(current.result["receipt"]):
            column.label(text=line, icon="BLANK1")
    else:
        row.label(text="What would be sent", icon="VIEWZOOM")
        row.operator("shaman_farm.dismiss", text="", icon="X", emboss=False)
        draw_report(box, current.report or {})


def draw_report(layout: bpy.types.UILayout, report: dict[str, Any]) -> None:
    new, stored = report.get("new") or {}, report.get("stored") or {}
    column = layout.column(align=True)
    column.label(text=f"New: {_amount(new)}", icon="EXPORT")
    column.label(text=f"Already on the farm: {_amount(stored)}", icon="CHECKMARK")
    _draw_list(layout, "Missing", report.get("missing") or [], "ERROR", is_alert=True)
    _draw_list(layout, "Outside the Project", report.get("outside") or [], "INFO")
    _draw_list(layout, "Suspicious", report.get("suspicious") or [], "QUESTION")
    if report.get("missing"):
        layout.operator("file.find_missing_files", icon="VIEWZOOM")
    if report.get("outside"):
        layout.operator("file.make_paths_relative", icon="FILE_FOLDER")


def _draw_list(
    layout: bpy.types.UILayout,
    title: str,
    problems: list[dict[str, Any]],
    icon: str,
    *,
    is_alert: bool = False,
) -> None:
    if not problems:
        return
    column = layout.column(align=True)
    column.alert = is_alert
    column.label(text=f"{title} ({len(problems)})", icon=icon)
    for problem in problems[:MAX_LISTED]:
        users = ", ".join(problem.get("users") or [])
        name = os.path.basename(problem["path"]) or problem["path"]
        column.label(text=f"{name}  ({users})" if users else name, icon="BLANK1")
    if len(problems) > MAX_LISTED:
        column.label(text=f"… and {len(problems) - MAX_LISTED} more", icon="BLANK1")


def receipt_lines(receipt: dict[str, Any]) -> list[str]:
    bytes_known = receipt["storedBytes"] + receipt["uploadedBytes"]
    stored = round(100 * receipt["storedBytes"] / bytes_known) if bytes_known else 0
    return [
        f"{receipt['files']:,} files, {format_bytes(receipt['bytes'])}",
        f"{receipt['uploadedFiles']:,} uploaded, {stored} % already there",
    ]


def draw_jobs(layout: bpy.types.UILayout) -> None:
    listed = my_jobs.jobs()
    if my_jobs.problem():
        layout.label(text=my_jobs.problem(), icon="ERROR")
    if not listed:
        layout.label(text="Jobs you submit from here appear here", icon="INFO")
    for job in listed[:10]:
        draw_one_job(layout.box(), job)


def draw_one_job(box: bpy.types.UILayout, job: my_jobs.MyJob) -> None:
    row = box.row(align=True)
    row.label(text=job.name, icon=STATUS_ICONS.get(job.status, "QUESTION"))
    if job.image:
        row.operator("shaman_farm.load_image", text="", icon="IMAGE_DATA").job_id = job.id
    row.operator("wm.url_open", text="", icon="URL").url = f"{job.url}/app/jobs/{job.id}"
    icon = my_jobs.icon(job)
    content = box.row()
    if icon:
        content.template_icon(icon_value=icon, scale=4.0)
    column = content.column(align=True)
    total = job.steps_total
    if total:
        text = f"{job.status} · {job.steps_done} of {total}{job.eta_text()}"
        column.progress(text=text, factor=job.steps_done / total)
    else:
        column.label(text=job.status or "…")
    draw_actions(column.row(align=True), job)


def draw_actions(row: bpy.types.UILayout, job: my_jobs.MyJob) -> None:
    for action in my_jobs.actions_for(job):
        button = row.operator("shaman_farm.job_action", text=action.label, icon=action.icon)
        button.job_id, button.action = job.id, action.name


def _amount(amount: dict[str, Any]) -> str:
    files, size = amount.get("files") or 0, amount.get("bytes") or 0
    return f"{files:,} files, {format_bytes(size)}"


classes = (
    SHAMAN_FARM_PT_output,
    SHAMAN_FARM_PT_sidebar,
    SHAMAN_FARM_PT_output_jobs,
    SHAMAN_FARM_PT_sidebar_jobs,
)
