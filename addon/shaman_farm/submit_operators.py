"""Submitting: from the panel in the background, from scripts to the end."""

import json
from pathlib import Path
from typing import Any

import bpy

from . import farm_info, sending, submission
from .manager import ManagerError
from .order import Wishes, gather


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
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        if properties.dry_run:
            return "Show what would be sent, and send nothing"
        return cls.__doc__ or ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if submission.is_running():
            cls.poll_message_set("A submission is under way")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """From the user interface: goes on in the background."""
        try:
            sending.start(context, self._wishes(), is_dry_run=self.dry_run)
        except (ManagerError, OSError) as problem:
            return self._refuse(problem)
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """From a script, or without a user interface: waits for the end."""
        try:
            # A job whose result cannot be told would be made again: found out before anything is sent.
            self._keep_result("")
            farm_info.refresh_now()
            order = gather(context, self._wishes(), is_dry_run=self.dry_run, is_script=True)
        except (ManagerError, OSError) as problem:
            return self._refuse(problem)
        ended = sending.run(order, self.missing, _Teller())
        try:
            self._keep_result(ended.outcome())
        except ManagerError as problem:
            # The job is made: the result is still told through the window manager.
            self.report({"WARNING"}, str(problem))
        if ended.problem:
            return self._refuse(ManagerError(**_facts(ended.problem)), is_kept=True)
        if ended.result:
            self.report({"INFO"}, f"Submitted {ended.result['job']['name']}")
        return {"FINISHED"}

    def _wishes(self) -> Wishes:
        wishes: Wishes = {
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

    def _refuse(self, problem: Exception, *, is_kept: bool = False) -> set[str]:
        if not is_kept:
            self._tell_refusal(problem)
        hint = getattr(problem, "hint", "")
        self.report({"ERROR"}, f"{problem}. {hint}" if hint else str(problem))
        return {"CANCELLED"}

    def _tell_refusal(self, problem: Exception) -> None:
        try:
            self._keep_result(json.dumps(submission.problem_event(problem)))
        except ManagerError:
            pass  # That the file cannot be written is the problem itself, or was found out before it.

    def _keep_result(self, text: str) -> None:
        bpy.context.window_manager.shaman_farm_result = text
        if not self.result_file:
            return
        path = Path(bpy.path.abspath(self.result_file))
        try:
            path.write_text(f"{text}\n" if text else "", "utf-8")
        except OSError as error:
            raise ManagerError(
                "RESULT_UNWRITABLE",
                f"Cannot write the result to {path}: {error.strerror}",
                "Name another result_file",
            ) from error


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
        if not submission.is_running():
            submission.show(None)
        return {"FINISHED"}


class _Teller:
    """A line per phase on the terminal of a script."""

    phase = ""

    def __call__(self, event: dict[str, Any]) -> None:
        name = event["event"]
        if name != self.phase and name in ("trace", "hash", "upload"):
            print(f"shaman farm: {name}", flush=True)
        if name == "submitted":
            print(f"shaman farm: submitted {event['job']['name']} {event['url']}", flush=True)
        self.phase = name


def _json_object(text: str, name: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _no_object(name, f" ({error})") from error
    if not isinstance(value, dict):
        raise _no_object(name)
    return value


def _no_object(name: str, why: str = "") -> ManagerError:
    return ManagerError(
        "ARGUMENT_INVALID", f"{name} is no JSON object{why}", f"Pass {name}=json.dumps({{...}})"
    )


def _facts(event: dict[str, Any]) -> dict[str, str]:
    return {key: str(event.get(key) or "") for key in ("code", "message", "hint")}


classes = (ShamanFarmSubmit, ShamanFarmDecide, ShamanFarmCancel, ShamanFarmDismiss)
