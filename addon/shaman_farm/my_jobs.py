"""The jobs submitted from this Blender: their state, last image, and what can be done with them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from . import background, preferences
from .formats import format_seconds
from .manager import Manager, ManagerError

MAX_JOBS = 20
POLL_SECONDS = 3.0
# Nobody looks at a panel that was not drawn for this long, so nobody has to be asked.
UNSEEN_SECONDS = 10.0
ENDED = ("completed", "failed", "canceled")


@dataclass
class MyJob:
    id: str
    name: str
    url: str
    """The manager that has it."""
    status: str = ""
    steps_done: int = 0
    steps_total: int = 0
    eta: str = ""
    activity: str = ""
    output: str = ""
    image: str = ""
    """Path of the last image's file."""
    image_key: str = ""
    seen_ended: bool = False


    def eta_text(self) -> str:
        return f" · {self.eta}" if self.eta and self.status == "active" else ""


@dataclass(frozen=True)
class Action:
    name: str
    label: str
    icon: str
    status: str
    """What the job's status is asked to become."""
    when: frozenset[str]


_RUNNING = frozenset(("active", "queued", "under-construction", "soft-failed"))
ACTIONS = (
    Action("PAUSE", "Pause", "PAUSE", "pause-requested", _RUNNING),
    Action("RESUME", "Resume", "PLAY", "queued", frozenset(("paused",))),
    Action("CANCEL", "Cancel", "X", "cancel-requested", _RUNNING | {"paused"}),
    Action("REQUEUE", "Requeue", "FILE_REFRESH", "requeueing", frozenset(ENDED)),
)


def actions_for(job: MyJob) -> list[Action]:
    return [action for action in ACTIONS if job.status in action.when]


@dataclass
class _State:
    jobs: list[MyJob] = field(default_factory=list)
    drawn_at: float = 0.0
    is_asking: bool = False
    problem: str = ""
    previews: Any = None


_state = _State()


def register() -> None:
    _state.previews = bpy.utils.previews.new()
    _state.jobs = _load()
    if not bpy.app.background:
        bpy.app.timers.register(_poll, first_interval=1.0, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_poll):
        bpy.app.timers.unregister(_poll)
    bpy.utils.previews.remove(_state.previews)
    _state.__init__()


def remember(submitted: dict[str, Any]) -> None:
    """Adds a job that has just been made."""
    job = submitted["job"]
    url = submitted["url"].split("/app/")[0]
    mine = MyJob(id=job["id"], name=job["name"], url=url, status="queued")
    _state.jobs = [mine, *_state.jobs][:MAX_JOBS]
    _save()


def jobs() -> list[MyJob]:
    """The jobs for drawing; that they are drawn keeps them up to date."""
    _state.drawn_at = time.monotonic()
    return _state.jobs


def find(job_id: str) -> MyJob | None:
    return next((job for job in _state.jobs if job.id == job_id), None)


def problem() -> str:
    return _state.problem


def icon(job: MyJob) -> int:
    """The last image as an icon; 0 when there is none."""
    if not job.image:
        return 0
    if job.image_key not in _state.previews:
        _state.previews.load(job.image_key, job.image, "IMAGE")
    return _state.previews[job.image_key].icon_id


def forget(job_id: str) -> None:
    _state.jobs = [job for job in _state.jobs if job.id != job_id]
    _save()


def set_status(job: MyJob, status: str) -> None:
    """Asks the farm to change the job's status, beside the main thread."""
    manager = preferences.manager()
    body = {"status": status, "reason": "requested in Blender"}

    def finished(result: Any) -> None:
        _state.problem = str(result) if isinstance(result, Exception) else ""
        job.seen_ended = False
        _ask()

    background.run(lambda: manager.post(f"/jobs/{job.id}/setstatus", body), finished)


def ask_now() -> None:
    """Asks for the jobs' state and waits; for scripts."""
    for job in _state.jobs:
        _apply(job, _fetch(preferences.manager(), job))


def _poll() -> float:
    is_seen = time.monotonic() - _state.drawn_at < UNSEEN_SECONDS
    if is_seen and not _state.is_asking and bpy.app.online_access:
        _ask()
    return POLL_SECONDS


def _ask() -> None:
    try:
        manager = preferences.manager()
    except ManagerError:
        return
    asked = [job for job in _state.jobs if job.url == manager.url and not job.seen_ended]
    if not asked:
        return
    _state.is_asking = True
    background.run(lambda: [_fetch(manager, job) for job in asked], lambda r: _answered(asked, r))


def _answered(asked: list[MyJob], result: Any) -> None:
    _state.is_asking = False
    if isinstance(result, Exception):
        _state.problem = str(result)
        return
    _state.problem = ""
    for job, facts in zip(asked, result, strict=True):
        before = job.status
        _apply(job, facts)
        if before not in ENDED and job.status in ("completed", "failed"):
            _notify(job)
    _save()


def _fetch(manager: Manager, job: MyJob) -> dict[str, Any]:
    """The job's facts, with the bytes of its last image if that is a new one."""
    try:
        facts = dict(manager.get(f"/jobs/{job.id}"))
    except ManagerError as error:
        if error.status == 404:
            return {"status": "deleted"}
        raise
    try:
        facts["farm"] = manager.get(f"/farm/jobs/{job.id}")
    except ManagerError as error:
        if error.status != 404:
            raise
    last = manager.get(f"/jobs/{job.id}/last-rendered")
    suffixes = (last or {}).get("suffixes") or []
    if suffixes:
        key = f"{job.id} {facts.get('steps_completed')}"
        if key != job.image_key:
            small = next((name for name in suffixes if "tiny" in name or "small" in name), suffixes[0])
            facts["image"] = (key, small, manager.fetch(f"{last['base']}/{small}"))
    return facts


def _apply(job: MyJob, facts: dict[str, Any]) -> None:
    job.status = str(facts.get("status", ""))
    job.name = str(facts.get("name", job.name))
    job.steps_done = int(facts.get("steps_completed", 0))
    job.steps_total = int(facts.get("steps_total", 0))
    job.activity = str(facts.get("activity", ""))
    job.eta = _eta_text((facts.get("farm") or {}).get("eta"))
    job.output = str((facts.get("settings") or {}).get("render_output_path", ""))
    if "image" in facts:
        key, name, content = facts["image"]
        path = _folder() / f"{job.id}{Path(name).suffix}"
        path.write_bytes(content)
        _state.previews.pop(job.image_key, None)
        job.image, job.image_key = str(path), key
    # One more look after the end, for the last image; then it stays as it is.
    job.seen_ended = job.status in (*ENDED, "deleted")


def _eta_text(eta: Any) -> str:
    """`2m 10s left`; the range is not worth its width here, so the later end is shown."""
    seconds = eta.get("high_s") if isinstance(eta, dict) else None
    return f"{format_seconds(seconds)} left" if isinstance(seconds, (int, float)) else ""


def fetch_image(job: MyJob, done: Callable[[Path], None]) -> None:
    """Gets the newest image of the job for a closer look: the frame itself where this machine can read it."""
    manager = preferences.manager()

    def finished(result: Any) -> None:
        if isinstance(result, Exception):
            _state.problem = str(result)
        else:
            done(result)

    background.run(lambda: _newest_image(manager, job.id, _folder()), finished)


def _newest_image(manager: Manager, job_id: str, folder: Path) -> Path:
    try:
        outputs = manager.get(f"/farm/jobs/{job_id}/outputs") or {}
    except ManagerError as error:
        if error.status != 404:
            raise
        outputs = {}
    for file in reversed(outputs.get("files") or []):
        if Path(file["path"]).is_file():
            return Path(file["path"])
    last = manager.get(f"/jobs/{job_id}/last-rendered")
    if not last or not last.get("suffixes"):
        raise ManagerError("NO_IMAGE", "This job has made no image yet")
    largest = last["suffixes"][0]
    target = folder / f"{job_id}-{largest}"
    target.write_bytes(manager.fetch(f"{last['base']}/{largest}"))
    return target


def _notify(job: MyJob) -> None:
    try:
        bpy.ops.shaman_farm.notify(job_id=job.id)
    except RuntimeError:
        pass  # No window to show it in.


def _folder() -> Path:
    return Path(bpy.utils.extension_path_user(__package__, path="jobs", create=True))


def _load() -> list[MyJob]:
    try:
        listed = json.loads((_folder() / "jobs.json").read_text("utf-8"))
        return [MyJob(**{**item, "image_key": "", "image": ""}) for item in listed][:MAX_JOBS]
    except (OSError, ValueError, TypeError):
        return []


def _save() -> None:
    items = [{**vars(job)} for job in _state.jobs]
    try:
        (_folder() / "jobs.json").write_text(json.dumps(items), "utf-8")
    except OSError as error:
        print(f"shaman farm: cannot remember the jobs: {error}")
