"""What the panel remembers in the scene: the job's name, priority, tag and type."""

from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import farm_info, setting_properties, settings

_Item = tuple[str, str, str]

# Blender does not keep the texts of dynamic enum items alive; whoever makes them has to.
_items: dict[str, list[_Item]] = {}

PRIORITIES = {"LOW": 25, "NORMAL": 50, "HIGH": 75, "NOW": 100}


class ShamanFarmScene(bpy.types.PropertyGroup):
    job_name: bpy.props.StringProperty(
        name="Job Name",
        description="Empty: the name of the .blend",
        options=set(),
    )
    priority: bpy.props.IntProperty(
        name="Priority",
        description="The higher, the earlier",
        default=50,
        min=0,
        max=100,
        options=set(),
    )
    priority_word: bpy.props.EnumProperty(
        name="Priority in Words",
        items=[(word, word.title(), f"Priority {number}") for word, number in PRIORITIES.items()],
        get=lambda self: _nearest_word(self.priority),
        set=lambda self, index: setattr(self, "priority", list(PRIORITIES.values())[index]),
        options=set(),
    )
    start_paused: bpy.props.BoolProperty(
        name="Submit as Paused",
        description="The job waits until somebody starts it",
        options=set(),
    )
    # Kept by name: a place in a list would mean another tag or type as soon as the farm has one more, or one less.
    chosen_tag: bpy.props.StringProperty(options={"HIDDEN"})
    chosen_type: bpy.props.StringProperty(options={"HIDDEN"})
    tag: bpy.props.EnumProperty(
        name="Worker Tag",
        description="Only workers with this tag",
        items=lambda self, context: _tag_items(self),
        get=lambda self: _place_in(_tag_items(self), self.chosen_tag),
        set=lambda self, index: setattr(self, "chosen_tag", _tag_items(self)[index][0]),
        options=set(),
    )
    job_type: bpy.props.EnumProperty(
        name="Job Type",
        items=lambda self, context: _type_items(self),
        get=lambda self: _place_in(_type_items(self), self.chosen_type),
        set=lambda self, index: setattr(self, "chosen_type", _type_items(self)[index][0]),
        update=lambda self, context: use_job_type(self),
        options=set(),
    )
    ignore_missing: bpy.props.BoolProperty(
        name="Remember for This Project",
        description="Submit without the missing files, also the next times",
        options=set(),
    )
    project: bpy.props.StringProperty(
        name="Project Folder",
        description="Folder that the project's files lie in. Empty: found by its marks, like .blender_project or .git",
        subtype="DIR_PATH",
        options=set(),
    )
    review: bpy.props.BoolProperty(
        name="Review Before Sending",
        description="Show what would be sent, and wait for your word",
        options=set(),
    )
    reuse: bpy.props.BoolProperty(
        name="Reuse Finished Frames",
        description="Take frames that the farm has already rendered from exactly the same files and settings",
        options=set(),
    )


def job_name(scene: bpy.types.Scene) -> str:
    """The name as typed, else the .blend's. So a file saved under another name gets another job name."""
    return scene.shaman_farm.job_name.strip() or Path(bpy.data.filepath).stem


def job_type_name(scene: bpy.types.Scene) -> str:
    return scene.shaman_farm.job_type


def use_job_type(group: ShamanFarmScene) -> None:
    """Shows the settings of the chosen job type."""
    info = farm_info.current()
    settings.use(info.job_type(group.job_type) if info else None)


def farm_changed() -> None:
    """The job types may be others now; the chosen one stays if it is still there."""
    scene = getattr(bpy.context, "scene", None)
    if scene is not None and hasattr(scene, "shaman_farm"):
        use_job_type(scene.shaman_farm)


_is_touched = False


def is_changed() -> bool:
    """Whether the scene may differ from its file. Blender itself counts only what can be undone, so not what
    a script or another add-on has changed.
    """
    return _is_touched or bpy.data.is_dirty


@persistent
def file_loaded(_path: Any) -> None:
    global _is_touched
    _is_touched = False
    settings.scene_changed()
    farm_changed()


@persistent
def file_saved(path: Any) -> None:
    global _is_touched
    # A copy leaves the scene as different from its file as it was.
    if path == bpy.data.filepath:
        _is_touched = False


@persistent
def scene_updated(_scene: Any, _depsgraph: Any) -> None:
    global _is_touched
    _is_touched = True
    settings.scene_changed()


def register() -> None:
    bpy.utils.register_class(ShamanFarmScene)
    bpy.types.Scene.shaman_farm = bpy.props.PointerProperty(type=ShamanFarmScene)
    bpy.app.handlers.load_post.append(file_loaded)
    bpy.app.handlers.save_post.append(file_saved)
    bpy.app.handlers.depsgraph_update_post.append(scene_updated)
    farm_info.on_change(farm_changed)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(file_loaded)
    bpy.app.handlers.save_post.remove(file_saved)
    bpy.app.handlers.depsgraph_update_post.remove(scene_updated)
    setting_properties.unregister()
    del bpy.types.Scene.shaman_farm
    bpy.utils.unregister_class(ShamanFarmScene)
    _items.clear()


def priority_word(priority: int) -> str:
    """The number in words, as the button beside it says it."""
    return list(PRIORITIES)[_nearest_word(priority)].title()


def _nearest_word(priority: int) -> int:
    """The index of the word closest to a number."""
    return min(range(len(PRIORITIES)), key=lambda i: abs(list(PRIORITIES.values())[i] - priority))


def _tag_items(group: ShamanFarmScene) -> list[_Item]:
    info = farm_info.current()
    tags = [(tag_id, name, "") for tag_id, name in (info.tags if info else ())]
    listed = [("-", "All", "Any worker may take this job"), *tags]
    return _keep("tags", _with_chosen(listed, group.chosen_tag, "Unknown Tag"))


def _type_items(group: ShamanFarmScene) -> list[_Item]:
    info = farm_info.current()
    types = [(each.name, each.label, each.description) for each in (info.job_types if info else ())]
    types.sort(key=lambda item: item[0] != "simple-blender-render")
    listed = types or [("-", "Not Known Yet", "Refresh to ask the farm")]
    return _keep("types", _with_chosen(listed, group.chosen_type, group.chosen_type))


def _with_chosen(items: list[_Item], chosen: str, label: str) -> list[_Item]:
    """What was chosen stays chosen, and is named, where the farm does not have it."""
    if not chosen or any(item[0] == chosen for item in items):
        return items
    return [*items, (chosen, label, "This farm does not have it")]


def _place_in(items: list[_Item], chosen: str) -> int:
    return next((index for index, item in enumerate(items) if item[0] == chosen), 0)


def _keep(name: str, items: list[_Item]) -> list[_Item]:
    if _items.get(name) != items:
        _items[name] = items
    return _items[name]
