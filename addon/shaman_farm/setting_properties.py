"""A job type's settings as Blender properties of the scene."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import bpy

from .job_types import JobType, Setting

_group: type | None = None
_group_key = ""

_subtypes = {
    "file_path": "FILE_PATH",
    "dir_path": "DIR_PATH",
    "file_name": "FILE_NAME",
    "hashed_file_path": "FILE_PATH",
}


def use(job_type: JobType | None, on_change: Callable[[], None]) -> None:
    """Registers those of `job_type` in place of the last one's; `on_change` hears of every edit."""
    global _group, _group_key
    key = "" if job_type is None else f"{job_type.name} {job_type.etag}"
    if key == _group_key:
        return
    unregister()
    if job_type is None:
        return
    _group = _register_group(job_type, on_change)
    bpy.types.Scene.shaman_farm_settings = bpy.props.PointerProperty(type=_group)
    _group_key = key


def unregister() -> None:
    global _group, _group_key
    if _group is not None:
        del bpy.types.Scene.shaman_farm_settings
        bpy.utils.unregister_class(_group)
    _group, _group_key = None, ""


def link_key(setting: Setting) -> str:
    return f"is_{setting.key}_linked"


def _register_group(job_type: JobType, on_change: Callable[[], None]) -> type:
    """A setting that Blender cannot hold, like a default beyond its range, is no field and keeps its default."""
    group = _make_group(job_type.settings, on_change)
    try:
        bpy.utils.register_class(group)
    except Exception:
        held = [setting for setting in job_type.settings if _can_be_held(setting)]
        group = _make_group(held, on_change)
        bpy.utils.register_class(group)
    return group


def _can_be_held(setting: Setting) -> bool:
    """By trying: what Blender takes is written nowhere."""
    group = _make_group([setting], lambda: None)
    try:
        bpy.utils.register_class(group)
    except Exception as error:
        print(f"shaman farm: Blender cannot show the setting {setting.key}: {error}")
        return False
    bpy.utils.unregister_class(group)
    return True


def _make_group(settings: Sequence[Setting], on_change: Callable[[], None]) -> type:
    annotations: dict[str, Any] = {}
    for setting in settings:
        if setting.key.startswith("_") or not setting.key.isidentifier():
            continue
        annotations[setting.key] = _property(setting, on_change)
        if setting.is_linkable:
            annotations[link_key(setting)] = bpy.props.BoolProperty(
                name=f"Follow the Scene: {setting.title}",
                description=setting.expression_description or "Take the value from the scene",
                default=True,
                options=set(),
                update=lambda self, context: on_change(),
            )
    return type("ShamanFarmSettings", (bpy.types.PropertyGroup,), {"__annotations__": annotations})


def _property(setting: Setting, on_change: Callable[[], None]) -> Any:
    facts: dict[str, Any] = {
        "name": setting.title,
        "description": setting.description,
        "options": set(),
        "update": lambda self, context: on_change(),
    }
    if setting.type == "bool":
        return bpy.props.BoolProperty(**facts, default=bool(setting.default))
    if setting.type == "int32":
        return bpy.props.IntProperty(
            **facts, default=_number(setting.default, int), **_limits(setting, int)
        )
    if setting.type == "float":
        return bpy.props.FloatProperty(
            **facts, default=_number(setting.default, float), **_limits(setting, float)
        )
    text = "" if setting.default is None else str(setting.default)
    if setting.choices:
        items = [(choice, choice, "", _number_of(choice)) for choice in dict.fromkeys(setting.choices)]
        chosen = text if text in setting.choices else setting.choices[0]
        return bpy.props.EnumProperty(**facts, items=items, default=chosen)
    subtype = _subtypes.get(setting.subtype, "NONE")
    return bpy.props.StringProperty(**facts, default=text, subtype=subtype)


def _number_of(choice: str) -> int:
    """As .blend files keep it. A place in the list would mean another choice once the job type has one more."""
    return zlib.crc32(choice.encode()) & 0x7FFFFFFF


def _limits(setting: Setting, kind: type) -> dict[str, Any]:
    limits = {}
    for name in ("min", "max", "soft_min", "soft_max", "step"):
        if isinstance(setting.limits.get(name), (int, float)):
            limits[name] = int(setting.limits[name]) if name == "step" else kind(setting.limits[name])
    return limits


def _number(value: Any, kind: type) -> Any:
    return kind(value) if isinstance(value, (int, float)) else kind(0)
