"""What the artist can do: submit, decide, cancel, refresh."""

import json
from pathlib import Path
from typing import Any

import bpy

from . import farm_info, my_jobs, preferences, scene, settings, submission
from .job_types import Setting
from .manager import ManagerError


class ShamanFarmSubmit(bpy.types.Operator):
    """Send this scene with everything it needs to the farm. Your file is not saved or changed"""

    bl_idname = "shaman_farm.submit"
    bl_label = "Submit to Farm"

    job_name: bpy.props.StringProperty(options={"SKIP_SAVE"})
    job_type: bpy.props.StringProperty(options={"SKIP_SAVE"})
    settings: bpy.props.StringProperty(
        description="Settings of the job type as a JSON object; the rest is taken from the scene",
        options={"SKIP_SAVE"},
    )
    metadata: bpy.props.StringProperty(description="A JSON object of texts", options={"SKIP_SAVE"})
    priority: bpy.props.IntProperty(default=-1, min=-1, max=100, options={"SKIP_SAVE"})
    paused: bpy.props.BoolProperty(options={"SKIP_SAVE"})
    tag: bpy.props.StringProperty(options={"SKIP_SAVE"})
    missing: bpy.props.EnumProperty(
        items=[
            ("fail", "Fail", "Make no job when files are missing"),
            ("ignore", "Ignore", "Submit without them"),
        ],
        options={"SKIP_SAVE"},
    )
    dry_run: bpy.props.BoolProperty(options={"SKIP_SAVE"})
    result_file: bpy.props.StringProperty(
        description="Where the outcome is written as JSON",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if submission.is_running():
            cls.poll_message_set("A submission is under way")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """From the user interface: goes on in the background."""
        try:
            submission.start(context, self._wishes(), is_dry_run=self.dry_run)
        except (ManagerError, settings.SettingProblem, ValueError) as problem:
            return self._refuse(problem)
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """From a script, or without a user interface: waits for the end."""
        try:
            farm_info.refresh_now()
            ordered = submission.order(context, self._wishes(), is_dry_run=self.dry_run)
        except (ManagerError, settings.SettingProblem, ValueError) as problem:
            self._keep_result(json.dumps(submission.problem_event(problem)))
            return self._refuse(problem)
        ended = submission.run(ordered, self.missing, _tell)
        self._keep_result(submission.result_json(ended))
        if ended.problem:
            return self._refuse(ManagerError(**_facts(ended.problem)))
        if ended.result:
            my_jobs.remember(ended.result)
            self.report({"INFO"}, f"Submitted {ended.result['job']['name']}")
        return {"FINISHED"}

    def _wishes(self) -> dict[str, Any]:
        wishes: dict[str, Any] = {
            "job_name": self.job_name,
            "job_type": self.job_type,
            "tag": self.tag,
            "settings": _json_object(self.settings, "settings"),
            "metadata": _json_object(self.metadata, "metadata"),
        }
        if self.priority >= 0:
            wishes["priority"] = self.priority
        if self.properties.is_property_set("paused"):
            wishes["paused"] = self.paused
        return wishes

    def _refuse(self, problem: Exception) -> set[str]:
        hint = getattr(problem, "hint", "")
        self.report({"ERROR"}, f"{problem}. {hint}" if hint else str(problem))
        return {"CANCELLED"}

    def _keep_result(self, text: str) -> None:
        bpy.context.window_manager.shaman_farm_result = text
        if self.result_file:
            Path(bpy.path.abspath(self.result_file)).write_text(text + "\n", "utf-8")


class ShamanFarmDecide(bpy.types.Operator):
    """Answer the report"""

    bl_idname = "shaman_farm.decide"
    bl_label = "Submit Without Them"

    decision: bpy.props.EnumProperty(
        items=[("send", "Send", ""), ("cancel", "Cancel", "")], options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        current = submission.current()
        return current is not None and current.is_waiting

    def execute(self, context: bpy.types.Context) -> set[str]:
        current = submission.current()
        if current is None or not current.is_waiting:
            return {"CANCELLED"}
        current.decide(self.decision)
        return {"FINISHED"}


class ShamanFarmCancel(bpy.types.Operator):
    """Stop the submission. What was uploaded so far will not travel again"""

    bl_idname = "shaman_farm.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return submission.is_running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        current = submission.current()
        if current:
            current.cancel()
        return {"FINISHED"}


class ShamanFarmDismiss(bpy.types.Operator):
    """Put this message away"""

    bl_idname = "shaman_farm.dismiss"
    bl_label = "Dismiss"

    def execute(self, context: bpy.types.Context) -> set[str]:
        submission.dismiss()
        return {"FINISHED"}


class ShamanFarmRefresh(bpy.types.Operator):
    """Ask the farm for its job types and worker tags"""

    bl_idname = "shaman_farm.refresh"
    bl_label = "Refresh from Farm"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        farm_info.refresh()
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            farm_info.refresh_now()
        except ManagerError as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class ShamanFarmCompute(bpy.types.Operator):
    """Compute this setting from the scene"""

    bl_idname = "shaman_farm.compute"
    bl_label = "Compute"
    bl_options = {"UNDO", "INTERNAL"}

    key: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        info = farm_info.current()
        job_type = info.job_type(scene.job_type_name(context.scene)) if info else None
        setting = job_type.setting(self.key) if job_type else None
        if info is None or job_type is None or setting is None:
            return {"CANCELLED"}
        typed = settings.shown_values(context, job_type, info.output_root)
        name = scene.job_name(context.scene)
        try:
            value = settings.compute(context, job_type, setting, name, typed)
        except settings.SettingProblem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        setattr(context.scene.shaman_farm_settings, self.key, value)
        return {"FINISHED"}


class ShamanFarmApprove(bpy.types.Operator):
    """Let this version of the job type run its Python in your Blender. Look at it first"""

    bl_idname = "shaman_farm.approve"
    bl_label = "Approve Job Type"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return farm_info.current() is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_props_dialog(self, width=560)

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text="These expressions come from the farm and would run as Python:")
        for setting in _expressions(context):
            column.label(text=f"{setting.key} = {setting.expression}")

    def execute(self, context: bpy.types.Context) -> set[str]:
        info = farm_info.current()
        job_type = info.job_type(scene.job_type_name(context.scene)) if info else None
        if job_type is None:
            return {"CANCELLED"}
        preferences.approve(job_type.etag)
        return {"FINISHED"}


class ShamanFarmJobAction(bpy.types.Operator):
    """Ask the farm to do this with the job"""

    bl_idname = "shaman_farm.job_action"
    bl_label = "Job Action"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})
    action: bpy.props.EnumProperty(
        items=[(action.name, action.label, "") for action in my_jobs.ACTIONS],
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = my_jobs.find(self.job_id)
        action = next(each for each in my_jobs.ACTIONS if each.name == self.action)
        if job is None:
            return {"CANCELLED"}
        try:
            my_jobs.set_status(job, action.status)
        except ManagerError as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


class ShamanFarmLoadImage(bpy.types.Operator):
    """Show the newest frame of this job in the Image Editor"""

    bl_idname = "shaman_farm.load_image"
    bl_label = "Show Newest Frame"

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = my_jobs.find(self.job_id)
        if job is None:
            return {"CANCELLED"}
        try:
            my_jobs.fetch_image(job, lambda path: show_image(path, job.name))
        except ManagerError as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


def show_image(path: Path, name: str) -> None:
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


class ShamanFarmNotify(bpy.types.Operator):
    """Tell that a job has ended"""

    bl_idname = "shaman_farm.notify"
    bl_label = "Job Ended"
    bl_options = {"INTERNAL"}

    job_id: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        job = my_jobs.find(self.job_id)
        if job is None:
            return {"CANCELLED"}
        kind = "INFO" if job.status == "completed" else "WARNING"
        self.report({kind}, f"{job.name}: {job.status}")
        return {"FINISHED"}


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


def _expressions(context: bpy.types.Context) -> list[Setting]:
    info = farm_info.current()
    job_type = info.job_type(scene.job_type_name(context.scene)) if info else None
    return [setting for setting in job_type.settings if setting.expression] if job_type else []


def _json_object(text: str, name: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"{name} is no JSON object")
    return value


def _facts(event: dict[str, Any]) -> dict[str, str]:
    return {key: str(event.get(key) or "") for key in ("code", "message", "hint")}


_last_phase = ""


def _tell(event: dict[str, Any]) -> None:
    """A line per phase on the terminal of a script."""
    global _last_phase
    if event["event"] != _last_phase and event["event"] in ("trace", "hash", "upload"):
        print(f"shaman farm: {event['event']}", flush=True)
    if event["event"] == "submitted":
        print(f"shaman farm: submitted {event['job']['name']} {event['url']}", flush=True)
    _last_phase = event["event"]


classes = (
    ShamanFarmSubmit,
    ShamanFarmDecide,
    ShamanFarmCancel,
    ShamanFarmDismiss,
    ShamanFarmRefresh,
    ShamanFarmCompute,
    ShamanFarmApprove,
    ShamanFarmJobAction,
    ShamanFarmLoadImage,
    ShamanFarmNotify,
    ShamanFarmOpenPath,
)
