"""The add-on's preferences, and what follows from them."""

import os
import shlex
from collections.abc import Callable

import bpy

from . import pack_tool, places
from .manager import Manager, ManagerError, clean_url


class ShamanFarmAddress(bpy.types.PropertyGroup):
    """A farm that this Blender has talked to; `name` is what it calls itself."""

    url: bpy.props.StringProperty()
    token: bpy.props.StringProperty(subtype="PASSWORD")
    rate: bpy.props.FloatProperty(description="Bytes a second of the last upload")


class ShamanFarmPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    manager_url: bpy.props.StringProperty(
        name="Manager",
        description="Address of the farm's manager, like http://farm.local:8080",
        default="http://localhost:8080",
        update=lambda self, context: _url_changed(self),
    )
    token: bpy.props.StringProperty(
        name="Token",
        description="Proves who you are; only for farms that ask for it. Each farm has its own",
        subtype="PASSWORD",
        update=lambda self, context: _token_changed(self),
    )
    farms: bpy.props.CollectionProperty(type=ShamanFarmAddress)
    tool_source: bpy.props.EnumProperty(
        name="Pack Tool",
        items=[
            ("MANAGER", "From the Farm", "Take the pack tool that belongs to the farm's version"),
            ("COMMAND", "Command", "Run a command of this machine"),
        ],
    )
    tool_command: bpy.props.StringProperty(
        name="Command",
        description="The `farm` command, with its path; or Node and the path of the pack tool's script",
    )
    approved_types: bpy.props.StringProperty(
        name="Approved Job Types",
        description="Digests of the expressions that may run as Python in this Blender",
        options={"HIDDEN"},
    )

    def draw(self, context: bpy.types.Context) -> None:
        for show in _shows:
            show(self.layout, self, context)


_shows: list[Callable[[bpy.types.UILayout, ShamanFarmPreferences, bpy.types.Context], None]] = []
_listeners: list[Callable[[], None]] = []


def when_shown(show: Callable[[bpy.types.UILayout, ShamanFarmPreferences, bpy.types.Context], None]) -> None:
    """Who draws the preferences: they know what is set, not what it looks like."""
    _shows.append(show)


def on_change(listener: Callable[[], None]) -> None:
    """Calls `listener` when another farm is chosen, or another token for it."""
    _listeners.append(listener)


def unregister() -> None:
    _shows.clear()
    _listeners.clear()


def get() -> ShamanFarmPreferences:
    return bpy.context.preferences.addons[__package__].preferences


def manager(url: str = "") -> Manager:
    """The chosen manager, or another one that is known; raises ManagerError when there is none to talk to."""
    if not bpy.app.online_access:
        raise ManagerError(
            "OFFLINE",
            "Blender's online access is off",
            "Allow it in Preferences > System, or start Blender with --online-mode",
        )
    preferences = get()
    chosen = clean_url(preferences.manager_url) if not url else url
    entry = farm(chosen)
    token = entry.token if entry else ""
    if not url:
        token = preferences.token
    # For scripts only: a person may choose a farm that the environment knows nothing of.
    if not token and bpy.app.background:
        token = os.environ.get("FARM_TOKEN", "")
    return Manager(chosen, token)


def farm(url: str) -> ShamanFarmAddress | None:
    return next((entry for entry in get().farms if entry.url == url), None)


def remember_farm(url: str, name: str) -> None:
    """A farm that has answered can be chosen again."""
    entry = farm(url) or _add(url)
    if entry.name != name:
        entry.name = name


def forget_farm(url: str) -> None:
    farms = get().farms
    index = next((i for i, entry in enumerate(farms) if entry.url == url), None)
    if index is not None:
        farms.remove(index)


def note_rate(url: str, rate: float) -> None:
    entry = farm(url)
    if entry:
        entry.rate = rate


def tool_choice() -> pack_tool.ToolChoice:
    """Where the pack tool comes from, according to the preferences."""
    preferences = get()
    if preferences.tool_source == "COMMAND":
        command = preferences.tool_command.strip()
        if not command:
            raise ManagerError(
                "NO_PACK_TOOL",
                "No command for the pack tool is set",
                "Name it in the add-on's preferences, or take the tool from the farm",
            )
        return pack_tool.local_tool(bpy.path.abspath(command), shlex.split(command))
    return pack_tool.ToolChoice(folder=str(places.folder("pack-tool")))


def is_approved(expressions_digest: str) -> bool:
    return expressions_digest in get().approved_types.split()


def approve(expressions_digest: str) -> None:
    if not is_approved(expressions_digest):
        get().approved_types = f"{get().approved_types} {expressions_digest}".strip()


def _add(url: str) -> ShamanFarmAddress:
    entry = get().farms.add()
    entry.url = url
    return entry


_is_switching = False


def _url_changed(preferences: ShamanFarmPreferences) -> None:
    """Another farm, another token: the last one's must not be shown to this one."""
    global _is_switching
    try:
        entry = farm(clean_url(preferences.manager_url))
    except ManagerError:
        entry = None
    _is_switching = True
    preferences.token = entry.token if entry else ""
    _is_switching = False
    _farm_changed()


def _token_changed(preferences: ShamanFarmPreferences) -> None:
    if _is_switching:
        return
    try:
        url = clean_url(preferences.manager_url)
    except ManagerError:
        return
    (farm(url) or _add(url)).token = preferences.token
    _farm_changed()


def _farm_changed() -> None:
    for listener in _listeners:
        listener()


classes = (ShamanFarmAddress, ShamanFarmPreferences)
