"""The jobs submitted from this Blender."""

import bpy

from . import downloads, my_jobs
from .texts import draw_text

MAX_SHOWN = 10
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


def draw_jobs(layout: bpy.types.UILayout) -> None:
    listed = my_jobs.jobs()
    if my_jobs.problem():
        draw_text(layout.column(align=True), my_jobs.problem(), "ERROR")
    if not listed:
        draw_text(layout.column(align=True), "Jobs you submit from here appear here", "INFO")
    for job in listed[:MAX_SHOWN]:
        _draw_job(layout.box(), job)


def _draw_job(box: bpy.types.UILayout, job: my_jobs.MyJob) -> None:
    row = box.row(align=True)
    row.label(text=job.name, icon=STATUS_ICONS.get(job.status, "QUESTION"))
    if job.image:
        row.operator("shaman_farm.load_image", text="", icon="IMAGE_DATA").job_id = job.id
    row.operator("shaman_farm.open_job", text="", icon="URL").job_id = job.id
    row.operator("shaman_farm.job_menu", text="", icon="DOWNARROW_HLT").job_id = job.id
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
    _draw_actions(column.row(align=True), job)
    _draw_note(box, job)


def _draw_actions(row: bpy.types.UILayout, job: my_jobs.MyJob) -> None:
    for action in my_jobs.actions_for(job):
        button = row.operator("shaman_farm.job_action", text=action.label, icon=action.icon)
        button.job_id, button.action = job.id, action.name


def _draw_note(box: bpy.types.UILayout, job: my_jobs.MyJob) -> None:
    if not job.note:
        return
    row = box.row(align=True)
    draw_text(row.column(align=True), job.note, "IMPORT")
    if downloads.is_running(job.id):
        row.operator("shaman_farm.stop_download", text="", icon="X").job_id = job.id
