"""The jobs submitted from this Blender: their state and last image, and what can be asked of the farm for them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

from . import background, places, preferences
from .formats import format_seconds
from .job_facts import JobFacts, fetch_all
from .manager import ManagerError

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
    priority: int = 50
    eta: str = ""
    activity: str = ""
    output: str = ""
    image: str = ""
    """Path of the last image's file."""
    image_key: str = ""
    seen_ended: bool = False
    note: str = ""
    """What is being done for it here, or went wrong."""

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
    saved: str = ""


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
    _request(job, "setstatus", {"status": status, "reason": "requested in Blender"})


def set_priority(job: MyJob, priority: int) -> None:
    _request(job, "setpriority", {"priority": priority})


def ask_now() -> None:
    """Asks for the jobs' state and waits; for scripts."""
    _answered(list(_state.jobs), fetch_all(_questions(_state.jobs), places.folder("jobs")))


def _request(job: MyJob, what: str, body: dict[str, Any]) -> None:
    """Asks the farm for a change, beside the main thread, and then for what became of it."""
    manager = preferences.manager(job.url)

    def finished(result: Any) -> None:
        job.note = str(result) if isinstance(result, Exception) else ""
        job.seen_ended = False
        _ask()

    background.run(lambda: manager.post(f"/jobs/{job.id}/{what}", body), finished)


def _poll() -> float:
    is_seen = time.monotonic() - _state.drawn_at < UNSEEN_SECONDS
    if is_seen and not _state.is_asking and bpy.app.online_access:
        _ask()
    return POLL_SECONDS


def _ask() -> None:
    asked = [job for job in _state.jobs if not job.seen_ended]
    if not asked or not bpy.app.online_access:
        return
    _state.is_asking = True
    questions, folder = _questions(asked), places.folder("jobs")
    background.run(lambda: fetch_all(questions, folder), lambda result: _answered(asked, result))


def _questions(asked: list[MyJob]) -> list[tuple[Any, str, str]]:
    return [(preferences.manager(job.url), job.id, job.image_key) for job in asked]


def _answered(asked: list[MyJob], result: list[JobFacts | ManagerError] | Exception) -> None:
    _state.is_asking = False
    if isinstance(result, Exception):
        _state.problem = str(result)
        return
    problems = [str(facts) for facts in result if isinstance(facts, ManagerError)]
    _state.problem = problems[0] if problems else ""
    for job, facts in zip(asked, result, strict=True):
        if isinstance(facts, ManagerError):
            continue
        before = job.status
        _apply(job, facts)
        if before not in ENDED and job.status in ("completed", "failed"):
            _notify(job)
    _save()


def _apply(job: MyJob, facts: JobFacts) -> None:
    job.status = facts.status
    job.name = facts.name or job.name
    job.priority = facts.priority
    job.steps_done, job.steps_total = facts.steps_done, facts.steps_total
    job.activity = facts.activity
    job.eta = f"{format_seconds(facts.eta_seconds)} left" if facts.eta_seconds else ""
    job.output = facts.output
    if facts.image:
        _state.previews.pop(job.image_key, None)
        job.image, job.image_key = facts.image, facts.image_key
    # One more look after the end, for the last image; then it stays as it is.
    job.seen_ended = job.status in (*ENDED, "deleted")


def _notify(job: MyJob) -> None:
    try:
        bpy.ops.shaman_farm.notify(job_id=job.id)
    except RuntimeError:
        pass  # No window to show it in.


def _load() -> list[MyJob]:
    try:
        listed = json.loads((places.folder("jobs") / "jobs.json").read_text("utf-8"))
        fresh = {"image_key": "", "image": "", "note": ""}
        return [MyJob(**{**item, **fresh}) for item in listed][:MAX_JOBS]
    except (OSError, ValueError, TypeError):
        return []


def _save() -> None:
    """Beside the main thread: a home on a share may be slow. A script may end at once, so it waits."""
    text = json.dumps([vars(job) for job in _state.jobs])
    if text == _state.saved:
        return
    _state.saved = text
    path = places.folder("jobs") / "jobs.json"
    if bpy.app.background:
        _write(path, text)
    else:
        background.run(lambda: _write(path, text), lambda _: None)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        print(f"shaman farm: cannot remember the jobs: {error}")


def when_done(job: MyJob, finished: Callable[[Any], None]) -> Callable[[Any], None]:
    """Shows a failure beside the job, and passes on what went well."""

    def done(result: Any) -> None:
        job.note = str(result) if isinstance(result, Exception) else ""
        if not isinstance(result, Exception):
            finished(result)

    return done
