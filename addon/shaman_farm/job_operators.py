"""What can be done with a job from Blender."""

from functools import partial
from pathlib import Path
from typing import Any

import bpy

from . import background, downloads, my_jobs, outputs, places, preferences
from .manager import ManagerError
from .my_jobs import MyJob
from .scene import PRIORITIES


class _ForJob:
    """An operator on the job called `job_id`; what the farm refuses is shown."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = my_jobs.find(self.job_id)
        if job is None:
            return {"CANCELLED"}
        try:
            self.act(job)
        except ManagerError as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class ShamanFarmJobAction(_ForJob, bpy.types.Operator):
    """Ask the farm to do this with the job"""

    bl_idname = "shaman_farm.job_action"
    bl_label = "Job Action"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})
    action: bpy.props.EnumProperty(
        items=[(action.name, action.label, "") for action in my_jobs.ACTIONS],
        options={"SKIP_SAVE"},
    )

    def act(self, job: MyJob) -> None:
        action = next(each for each in my_jobs.ACTIONS if each.name == self.action)
        my_jobs.set_status(job, action.status)


class ShamanFarmJobPriority(_ForJob, bpy.types.Operator):
    """Change when this job's turn comes. The higher, the earlier"""

    bl_idname = "shaman_farm.job_priority"
    bl_label = "Priority"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})
    priority: bpy.props.IntProperty(default=50, min=0, max=100, options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        my_jobs.set_priority(job, self.priority)


class ShamanFarmOpenJob(_ForJob, bpy.types.Operator):
    """Show this job in the farm's dashboard, in the web browser"""

    bl_idname = "shaman_farm.open_job"
    bl_label = "Open in Browser"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        bpy.ops.wm.url_open(url=f"{job.url}/app/jobs/{job.id}")


class ShamanFarmForgetJob(_ForJob, bpy.types.Operator):
    """Take this job off this list. It goes on, on the farm"""

    bl_idname = "shaman_farm.forget_job"
    bl_label = "Take off the List"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        my_jobs.forget(job.id)


class ShamanFarmLoadImage(_ForJob, bpy.types.Operator):
    """Show the newest frame of this job in the Image Editor"""

    bl_idname = "shaman_farm.load_image"
    bl_label = "Show Newest Frame"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        manager, folder = preferences.manager(job.url), places.folder("jobs")
        background.run(
            lambda: outputs.newest_image(manager, job.id, folder),
            my_jobs.when_done(job, partial(_show_image, job.name)),
        )


class ShamanFarmDownload(_ForJob, bpy.types.Operator):
    """Fetch everything this job has rendered so far. What is here already is not fetched again"""

    bl_idname = "shaman_farm.download"
    bl_label = "Download Outputs"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.directory = bpy.path.abspath("//")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def act(self, job: MyJob) -> None:
        """Scripts wait for the end, artists go on working."""
        folder = Path(bpy.path.abspath(self.directory))
        if bpy.app.background:
            fetched = downloads.run(job, folder)
            self.report({"INFO"}, downloads.summary(fetched))
        else:
            downloads.start(job, folder)


class ShamanFarmStopDownload(_ForJob, bpy.types.Operator):
    """Stop fetching. What has arrived stays"""

    bl_idname = "shaman_farm.stop_download"
    bl_label = "Stop"
    bl_options = {"INTERNAL"}

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        downloads.stop(job.id)


class ShamanFarmJobMenu(_ForJob, bpy.types.Operator):
    """More to do with this job"""

    bl_idname = "shaman_farm.job_menu"
    bl_label = "More"
    bl_options = {"INTERNAL"}

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        manager = bpy.context.window_manager
        manager.popup_menu(partial(draw_menu, job), title=job.name)


def draw_menu(job: MyJob, menu: Any, _context: Any) -> None:
    layout = menu.layout
    # A script's way of calling would skip the choice of a folder.
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("shaman_farm.open_job", icon="URL").job_id = job.id
    layout.operator("shaman_farm.load_image", icon="IMAGE_DATA").job_id = job.id
    layout.operator("shaman_farm.download", icon="IMPORT").job_id = job.id
    layout.separator()
    for word, number in reversed(PRIORITIES.items()):
        icon = "RADIOBUT_ON" if job.priority == number else "RADIOBUT_OFF"
        text = f"Priority {word.title()} ({number})"
        button = layout.operator("shaman_farm.job_priority", text=text, icon=icon)
        button.job_id, button.priority = job.id, number
    layout.separator()
    layout.operator("shaman_farm.forget_job", icon="REMOVE").job_id = job.id


def _show_image(name: str, path: Path) -> None:
    """In an Image Editor that is open, else in a window of its own."""
    image = bpy.data.images.load(str(path), check_existing=True)
    image.name = name
    image.reload()
    manager = bpy.context.window_manager
    editors = [
        area for window in manager.windows for area in window.screen.areas if area.type == "IMAGE_EDITOR"
    ]
    if not editors:
        with bpy.context.temp_override(window=manager.windows[0]):
            bpy.ops.wm.window_new()
        editors = [manager.windows[-1].screen.areas[0]]
        editors[0].type = "IMAGE_EDITOR"
    editors[0].spaces.active.image = image


class ShamanFarmNotify(_ForJob, bpy.types.Operator):
    """Tell that a job has ended"""

    bl_idname = "shaman_farm.notify"
    bl_label = "Job Ended"
    bl_options = {"INTERNAL"}

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def act(self, job: MyJob) -> None:
        kind = "INFO" if job.status == "completed" else "WARNING"
        self.report({kind}, f"{job.name}: {job.status}")


class ShamanFarmOpenPath(bpy.types.Operator):
    """Show this folder, or the nearest one above it that exists"""

    bl_idname = "shaman_farm.open_path"
    bl_label = "Open Folder"
    bl_options = {"INTERNAL"}

    path: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        folder = Path(self.path)
        while not folder.is_dir() and folder != folder.parent:
            folder = folder.parent
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


classes = (
    ShamanFarmJobAction,
    ShamanFarmJobPriority,
    ShamanFarmOpenJob,
    ShamanFarmForgetJob,
    ShamanFarmLoadImage,
    ShamanFarmDownload,
    ShamanFarmStopDownload,
    ShamanFarmJobMenu,
    ShamanFarmNotify,
    ShamanFarmOpenPath,
)
