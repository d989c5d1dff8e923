"""The submission: its button, report, progress and outcome."""

import os
from types import SimpleNamespace
from typing import Any

import bpy

from . import preferences, submission, unfinished
from .formats import format_bytes, format_count, format_seconds
from .manager import ManagerError
from .texts import draw_problem, draw_text

MAX_LISTED = 6


def draw_submission(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    current = submission.current()
    column = layout.column()
    if current is None:
        _draw_interrupted(column)
        draw_button(column)
    elif current.is_waiting:
        _draw_question(column, context, current)
    elif not current.is_ended:
        column.progress(text=current.text, factor=current.fraction)
        if current.phase == "upload":
            # Always there, or the button below would move away from under the pointer.
            column.label(text=current.pace or "Measuring the speed…", icon="TIME")
            _draw_amounts(column, current.report or {})
        column.operator("shaman_farm.cancel", icon="X")
    else:
        _draw_outcome(column, current)
        draw_button(column)


def draw_button(layout: bpy.types.UILayout) -> None:
    if not bpy.data.filepath:
        draw_text(layout, "Save the scene once, so that it has a place", "INFO")
    row = layout.row(align=True)
    row.enabled = bool(bpy.data.filepath)
    row.scale_y = 1.4
    row.operator("shaman_farm.submit", icon="RENDER_ANIMATION")
    row.operator("shaman_farm.submit", text="", icon="VIEWZOOM").dry_run = True


def _draw_interrupted(layout: bpy.types.UILayout) -> None:
    name = unfinished.job_name_of(bpy.data.filepath)
    if name:
        draw_text(
            layout.column(align=True),
            f'Blender ended while "{name}" was being submitted. What had arrived is kept: '
            "submit again, and only the rest will travel.",
            "RECOVER_LAST",
        )


def _draw_question(
    layout: bpy.types.UILayout, context: bpy.types.Context, current: submission.Submission
) -> None:
    report = current.report or {}
    _draw_report(layout, report)
    text = "Submit"
    if report.get("missing"):
        text = "Submit Without Them"
        remember = layout.row()
        remember.use_property_split = False
        remember.prop(context.scene.shaman_farm, "ignore_missing")
    layout.operator("shaman_farm.decide", text=text, icon="CHECKMARK").decision = "send"
    layout.operator("shaman_farm.cancel", icon="X")


def _draw_outcome(layout: bpy.types.UILayout, current: submission.Submission) -> None:
    box = layout.box()
    row = box.row()
    if current.problem:
        _draw_failure(row, current.problem)
    elif current.result:
        row.label(text=current.text, icon="CHECKMARK")
        row.operator("wm.url_open", text="", icon="URL").url = current.result["url"]
        column = box.column(align=True)
        for line in _receipt_lines(current.result["receipt"]):
            column.label(text=line, icon="BLANK1")
    else:
        row.label(text="What would be sent", icon="VIEWZOOM")
        _draw_report(box, current.report or {})
    row.operator("shaman_farm.dismiss", text="", icon="X", emboss=False)


def _draw_failure(layout: bpy.types.UILayout, problem: dict[str, Any]) -> None:
    message, hint = str(problem.get("message", "")), str(problem.get("hint") or "")
    column = layout.column(align=True)
    if problem.get("code") == "CANCELED":
        draw_text(column, f"{message}. What had arrived will not travel again", "CANCEL")
    else:
        draw_problem(column, SimpleNamespace(message=message, hint=hint))


def _draw_report(layout: bpy.types.UILayout, report: dict[str, Any]) -> None:
    _draw_amounts(layout, report)
    missing, outside = report.get("missing") or [], report.get("outside") or []
    _draw_list(layout, "Missing", missing, "ERROR", is_alert=True)
    _draw_list(layout, "Outside the Project", outside, "INFO")
    _draw_list(layout, "Suspicious", report.get("suspicious") or [], "QUESTION")
    only_blender = (report.get("listing") or {}).get("only_blender") or []
    _draw_list(layout, "Sent as Blender Lists Them", [{"path": p} for p in only_blender], "BLENDER")
    column = layout.column(align=True)
    column.operator_context = "INVOKE_DEFAULT"
    if missing:
        column.operator("shaman_farm.find_missing", icon="VIEWZOOM")
    if outside:
        column.operator("shaman_farm.pack_files", icon="PACKAGE")
        column.operator("shaman_farm.make_relative", icon="LINKED")
    if missing or outside:
        column.operator("shaman_farm.check_again", icon="FILE_REFRESH")


def _draw_amounts(layout: bpy.types.UILayout, report: dict[str, Any]) -> None:
    new, stored = report.get("new") or {}, report.get("stored") or {}
    column = layout.column(align=True)
    column.label(text=f"New: {_amount(new)}{_estimate(new)}", icon="EXPORT")
    column.label(text=f"Already on the farm: {_amount(stored)}", icon="CHECKMARK")


def _estimate(new: dict[str, Any]) -> str:
    """How long it will take, going by the last upload to this farm; nothing before the first."""
    try:
        entry = preferences.farm(preferences.manager().url)
    except ManagerError:
        return ""
    size = new.get("bytes") or 0
    if not entry or entry.rate <= 0 or size == 0:
        return ""
    return f", about {format_seconds(max(1, size / entry.rate))}"


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
        users = ", ".join(dict.fromkeys(map(_block_name, problem.get("users") or [])))
        name = os.path.basename(problem["path"]) or problem["path"]
        column.label(text=f"{name}  ({users})" if users else name, icon="BLANK1")
    if len(problems) > MAX_LISTED:
        column.label(text=f"… and {len(problems) - MAX_LISTED} more", icon="BLANK1")


def _block_name(user: str) -> str:
    """`IMwood.filepath` → `wood`, as artists know it."""
    name, _, _property = user[2:].rpartition(".")
    return name or user


def _receipt_lines(receipt: dict[str, Any]) -> list[str]:
    bytes_known = receipt["storedBytes"] + receipt["uploadedBytes"]
    stored = round(100 * receipt["storedBytes"] / bytes_known) if bytes_known else 0
    return [
        f"{format_count(receipt['files'], 'file')}, {format_bytes(receipt['bytes'])}",
        f"{receipt['uploadedFiles']:,} uploaded, {stored} % already there",
    ]


def _amount(amount: dict[str, Any]) -> str:
    files, size = amount.get("files") or 0, amount.get("bytes") or 0
    return f"{format_count(files, 'file')}, {format_bytes(size)}"
