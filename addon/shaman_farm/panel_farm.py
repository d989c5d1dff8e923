"""The farm: which one, how it is, which others there are."""

import time

import bpy

from . import farm_info, neighbours, preferences
from .manager import ManagerError, clean_url
from .texts import draw_problem, draw_text

STALE_SECONDS = 24 * 3600


class SHAMAN_FARM_MT_farms(bpy.types.Menu):
    bl_label = "Farms"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        known = {entry.url: entry.name for entry in preferences.get().farms}
        for url, name in known.items():
            _draw_choice(layout, url, name)
        around = [farm for farm in neighbours.found() if farm.url not in known]
        if around:
            layout.separator()
            layout.label(text="On This Network")
            for farm in around:
                _draw_choice(layout, farm.url, farm.name)
        layout.separator()
        text = "Looking for Farms…" if neighbours.is_searching() else "Look for Farms"
        layout.operator("shaman_farm.find", text=text, icon="VIEWZOOM")
        layout.operator("shaman_farm.choose", text="Other Farm…", icon="ADD").url = ""
        if _chosen() in known:
            layout.operator("shaman_farm.forget_farm", icon="REMOVE").url = _chosen()


def draw_farm(layout: bpy.types.UILayout, info: farm_info.FarmInfo | None) -> None:
    """The chooser, and what is wrong with the chosen farm."""
    row = layout.row(align=True)
    name = info.name if info else ""
    row.menu("SHAMAN_FARM_MT_farms", text=name or _host(_chosen()), icon="NETWORK_DRIVE")
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("shaman_farm.refresh", text="", icon="FILE_REFRESH")
    draw_state(layout)


def draw_state(layout: bpy.types.UILayout) -> None:
    info, problem = farm_info.current(), farm_info.problem()
    if farm_info.is_refreshing():
        if info is None:
            layout.label(text="Asking the farm…", icon="SORTTIME")
    elif problem:
        draw_problem(layout, problem)
        _draw_others(layout)
        if info:
            draw_text(layout, f"Shown is what it told {_ago(info.fetched_at)}", "TIME")
    elif info is None:
        layout.label(text="Not asked yet", icon="QUESTION")
    if info and not info.is_ours:
        draw_text(
            layout.column(align=True),
            "A Flamenco manager: submitting and job states work. It tells no times left, and hands out neither "
            "the pack tool nor rendered files; changed files travel whole.",
            "INFO",
        )


def draw_preferences(
    layout: bpy.types.UILayout,
    settings: preferences.ShamanFarmPreferences,
    context: bpy.types.Context,
) -> None:
    layout.use_property_split = True
    if not bpy.app.online_access:
        draw_offline(layout)
    draw_farm(layout, farm_info.current())
    layout.prop(settings, "manager_url")
    layout.prop(settings, "token")
    layout.prop(settings, "tool_source")
    if settings.tool_source == "COMMAND":
        layout.prop(settings, "tool_command")


def draw_offline(layout: bpy.types.UILayout) -> None:
    column = layout.column(align=True)
    column.alert = True
    column.label(text="Blender's online access is off", icon="INTERNET_OFFLINE")
    column.label(text="The farm can only be reached with it", icon="BLANK1")
    layout.prop(bpy.context.preferences.system, "use_online_access", text="Allow Online Access")


def _draw_others(layout: bpy.types.UILayout) -> None:
    """Whoever cannot reach a farm is shown those that are there."""
    if neighbours.is_searching():
        layout.label(text="Looking for farms on this network…", icon="SORTTIME")
        return
    for farm in neighbours.found():
        if farm.url != _chosen():
            _draw_choice(layout, farm.url, farm.name, "Use ")


def _draw_choice(layout: bpy.types.UILayout, url: str, name: str, before: str = "") -> None:
    text = f"{before}{name}  ({_host(url)})" if name else f"{before}{_host(url)}"
    icon = "RADIOBUT_ON" if url == _chosen() else "RADIOBUT_OFF"
    layout.operator("shaman_farm.choose", text=text, icon=icon).url = url


def _chosen() -> str:
    try:
        return clean_url(preferences.get().manager_url)
    except ManagerError:
        return ""


def _host(url: str) -> str:
    return url.partition("://")[2] or "No Farm"


def _ago(at: float) -> str:
    seconds = max(0.0, time.time() - at)
    if seconds < 120:
        return "just now"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} minutes ago"
    if seconds < 2 * STALE_SECONDS:
        return f"{round(seconds / 3600)} hours ago"
    return f"{round(seconds / STALE_SECONDS)} days ago"


classes = (SHAMAN_FARM_MT_farms,)
