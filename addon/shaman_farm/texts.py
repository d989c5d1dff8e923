"""Sentences in panels: Blender cuts off what does not fit, so they are broken into lines."""

import textwrap
from typing import Any

import bpy

# The default font's usual letter, at a resolution scale of 1.
LETTER_PIXELS = 6.6
# An icon before the text, a box around it, and a button behind it.
BESIDE_PIXELS = 84


def draw_text(layout: bpy.types.UILayout, text: str, icon: str = "NONE", *, max_lines: int = 8) -> None:
    lines = fit(text, letters())
    for index, line in enumerate(lines[:max_lines]):
        if index == max_lines - 1 and len(lines) > max_lines:
            line = f"{line} …"
        layout.label(text=line, icon=icon if index == 0 else "BLANK1")


def draw_problem(layout: bpy.types.UILayout, problem: Any) -> None:
    """What went wrong, in red, and what to do about it."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    column.alert = True
    draw_text(column, problem.message, "ERROR")
    if problem.hint:
        column = layout.column(align=True)
        column.scale_y = 0.8
        draw_text(column, problem.hint, "INFO")


def letters() -> int:
    """How many fit into a line of the region that is being drawn."""
    context = bpy.context
    width = context.region.width if context.region else 300
    # Without a window there is no scale.
    scale = context.preferences.system.ui_scale or 1
    return max(16, int((width / scale - BESIDE_PIXELS) / LETTER_PIXELS))


def fit(text: str, width: int) -> list[str]:
    """Lines of at most `width` letters; a path without spaces is broken too."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    return lines
