"""The add-on's preferences, and what follows from them."""

import shlex

import bpy

from . import pack_tool
from .manager import Manager, ManagerError, clean_url


class ShamanFarmPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    manager_url: bpy.props.StringProperty(
        name="Manager",
        description="Address of the farm's manager, like http://farm.local:8080",
        default="http://localhost:8080",
        update=lambda self, context: _manager_changed(),
    )
    token: bpy.props.StringProperty(
        name="Token",
        description="Proves who you are; only for farms that ask for it",
        subtype="PASSWORD",
        update=lambda self, context: _manager_changed(),
    )
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
        description="Versions of job types whose Python may run in this Blender",
        options={"HIDDEN"},
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        if not bpy.app.online_access:
            draw_offline(layout)
        row = layout.row(align=True)
        row.prop(self, "manager_url")
        row.operator("shaman_farm.refresh", text="", icon="FILE_REFRESH")
        layout.prop(self, "token")
        layout.prop(self, "tool_source")
        if self.tool_source == "COMMAND":
            layout.prop(self, "tool_command")
        from . import farm_info

        farm_info.draw_state(layout)


def get() -> ShamanFarmPreferences:
    return bpy.context.preferences.addons[__package__].preferences


def manager() -> Manager:
    """The configured manager; raises ManagerError when there is none to talk to."""
    if not bpy.app.online_access:
        raise ManagerError(
            "OFFLINE",
            "Blender's online access is off",
            "Allow it in Preferences > System, or start Blender with --online-mode",
        )
    return Manager(clean_url(get().manager_url), get().token)


def tool_command() -> pack_tool.ToolChoice:
    """How the pack tool is run, according to the preferences."""
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
    folder = bpy.utils.extension_path_user(__package__, path="pack-tool", create=True)
    return pack_tool.ToolChoice(folder=folder)


def is_approved(etag: str) -> bool:
    return etag in get().approved_types.split()


def approve(etag: str) -> None:
    if not is_approved(etag):
        get().approved_types = f"{get().approved_types} {etag}".strip()


def draw_offline(layout: bpy.types.UILayout) -> None:
    column = layout.column(align=True)
    column.alert = True
    column.label(text="Blender's online access is off", icon="INTERNET_OFFLINE")
    column.label(text="The farm can only be reached with it")
    layout.prop(bpy.context.preferences.system, "use_online_access", text="Allow Online Access")


def _manager_changed() -> None:
    from . import farm_info

    farm_info.forget()
    if bpy.app.online_access and not bpy.app.background:
        farm_info.refresh()
