"""One submission: from the open scene to a job on the farm."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from . import background, farm_info, pack_tool, preferences, scene, settings
from .formats import format_bytes, format_seconds
from .job_types import as_text
from .manager import ManagerError
from .pack_bridge import Event, PackProcess


@dataclass
class Order:
    """What to submit: gathered on the main thread, used beside it."""

    job_name: str
    original: Path
    copy: Path
    is_copy_written: bool
    arguments: list[str]
    env: dict[str, str]
    ignore_missing: bool
    is_dry_run: bool


@dataclass
class Submission:
    """What the panel shows of a submission, running or ended."""

    job_name: str
    phase: str = "preparing"
    fraction: float = 0.0
    text: str = "Preparing…"
    report: Event | None = None
    problem: Event | None = None
    result: Event | None = None
    is_waiting: bool = False
    """Whether the report waits for the artist's decision."""
    is_ended: bool = False
    is_dry_run: bool = False
    process: PackProcess | None = field(default=None, repr=False)
    is_canceled: bool = False

    def take(self, event: Event) -> None:
        """Moves on by what the pack tool told."""
        apply = _steps.get(event["event"])
        if apply:
            apply(self, event)

    def decide(self, decision: str) -> None:
        """Answers the report: `send` or `cancel`."""
        self.is_waiting = False
        if self.process:
            self.process.answer(decision)

    def cancel(self) -> None:
        self.is_canceled = True
        self.is_waiting = False
        self.text = "Canceling…"
        if self.process:
            self.process.cancel()


_current: Submission | None = None
_done: list[Callable[[Submission], None]] = []
PUMP_SECONDS = 0.1


def current() -> Submission | None:
    return _current


def is_running() -> bool:
    return _current is not None and not _current.is_ended


def problem_of_setting(key: str) -> str:
    """What the farm or the pack tool found wrong with a setting, in the last submission."""
    problem = _current.problem if _current else None
    detail = (problem or {}).get("detail") or {}
    if detail.get("setting") == key:
        return str((problem or {}).get("message", ""))
    errors = detail.get("errors")
    if isinstance(errors, list):
        matching = (e for e in errors if isinstance(e, dict) and e.get("setting") == key)
        return next((str(error.get("message", "")) for error in matching), "")
    return ""


def on_end(listener: Callable[[Submission], None]) -> None:
    _done.append(listener)


def unregister() -> None:
    global _current
    _current = None
    _done.clear()


def dismiss() -> None:
    """Forgets an ended submission, so that the panel shows the button again."""
    global _current
    if not is_running():
        _current = None


def order(context: bpy.types.Context, wishes: dict[str, Any], *, is_dry_run: bool) -> Order:
    """Gathers what a submission needs; raises ManagerError or SettingProblem. Writes a copy if the scene is unsaved.

    The artist's own file is never written: not now and not later.
    """
    if not bpy.data.filepath:
        raise ManagerError(
            "UNSAVED", "This scene has never been saved", "Save it once, so that it has a place"
        )
    manager = preferences.manager()
    info = farm_info.current()
    type_name = wishes.get("job_type") or scene.job_type_name(context.scene)
    job_type = info.job_type(type_name) if info else None
    if info is None or job_type is None:
        raise ManagerError(
            "JOB_TYPE_UNKNOWN", f'The farm has no job type "{type_name}"', "Refresh from the farm"
        )
    settings.use(job_type)
    name = wishes.get("job_name") or scene.job_name(context.scene)
    given = wishes.get("settings") or {}
    values = settings.values(context, job_type, name, info.output_root, given)
    group = context.scene.shaman_farm
    tag = wishes.get("tag") or ("" if group.tag in ("-", "") else group.tag)
    original = Path(bpy.data.filepath)
    copy, is_written = _copy_place(original)
    arguments = [
        *("submit", str(copy), "--as", str(original), "--json", "--manager", manager.url),
        *("--type", job_type.name, "--name", name),
        *(("--type-etag", job_type.etag) if job_type.etag else ()),
        *("--priority", str(wishes.get("priority", group.priority))),
        *(("--paused",) if wishes.get("paused", group.start_paused) else ()),
        *(("--tag", tag) if tag else ()),
        *("--dry-run",) * is_dry_run,
        *_pairs("--setting", values),
        *_pairs("--metadata", {**_metadata(context), **(wishes.get("metadata") or {})}),
    ]
    return Order(
        job_name=name,
        original=original,
        copy=copy,
        is_copy_written=is_written,
        arguments=arguments,
        env={"FARM_TOKEN": manager.token} if manager.token else {},
        ignore_missing=group.ignore_missing,
        is_dry_run=is_dry_run,
    )


def start(context: bpy.types.Context, wishes: dict[str, Any], *, is_dry_run: bool) -> None:
    """Begins a submission that goes on in the background."""
    global _current
    # What can be refused is refused before anything is written.
    manager, choice = preferences.manager(), preferences.tool_command()
    ordered = order(context, wishes, is_dry_run=is_dry_run)
    submission = Submission(job_name=ordered.job_name, is_dry_run=is_dry_run)
    _current = submission

    def launch() -> PackProcess:
        write_copy(ordered)
        command = pack_tool.prepare(choice, manager, submission_progress(submission))
        return PackProcess([*command, *ordered.arguments, "--confirm"], ordered.env)

    def launched(result: Any) -> None:
        if isinstance(result, Exception):
            submission.take(problem_event(result))
            _end(submission, ordered)
            return
        submission.process = result
        if submission.is_canceled:
            result.cancel()
        bpy.app.timers.register(lambda: _pump(submission, ordered), persistent=True)

    background.run(launch, launched)


def run(ordered: Order, missing: str, tell: Callable[[Event], None]) -> Submission:
    """A whole submission, waiting for its end: for scripts and `blender -b`."""
    submission = Submission(job_name="", is_dry_run=ordered.is_dry_run)
    try:
        write_copy(ordered)
        command = pack_tool.prepare(preferences.tool_command(), preferences.manager())
        process = PackProcess([*command, *ordered.arguments, "--missing", missing], ordered.env)
        submission.process = process
        for event in process.wait_for_events():
            tell(event)
            submission.take(event)
    except (ManagerError, OSError) as error:
        submission.take(problem_event(error))
    finally:
        forget_copy(ordered)
    return submission


def write_copy(ordered: Order) -> None:
    """A saved scene is copied as a file, beside the main thread; an unsaved one was written by Blender already."""
    if ordered.is_copy_written:
        return
    shutil.copyfile(ordered.original, ordered.copy)
    ordered.is_copy_written = True


def forget_copy(ordered: Order) -> None:
    shutil.rmtree(ordered.copy.parent, ignore_errors=True)


def submission_progress(submission: Submission) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        submission.text = "Fetching the pack tool…"
        submission.fraction = done / total if total else 0

    return progress


def problem_event(error: Exception) -> Event:
    if isinstance(error, ManagerError):
        facts = {"code": error.code, "message": error.message, "hint": error.hint}
    else:
        facts = {"code": "FAILED", "message": f"{type(error).__name__}: {error}"}
    return {"event": "error", **facts}


def _copy_place(original: Path) -> tuple[Path, bool]:
    """Where the copy lies, and whether it is written already. In Blender's own temporary folder, which it cleans up."""
    folder = Path(tempfile.mkdtemp(prefix="shaman-farm-", dir=bpy.app.tempdir))
    copy = folder / original.name
    if not bpy.data.is_dirty and original.exists():
        return copy, False
    try:
        # Paths stay as they are: the copy is read as if it lay at the original's place.
        bpy.ops.wm.save_as_mainfile(
            filepath=str(copy), copy=True, relative_remap=False, check_existing=False
        )
    except RuntimeError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ManagerError(
            "COPY_FAILED",
            f"Cannot write a copy of the scene to {folder}: {str(error).strip()}",
            "Is that disk full? Preferences > File Paths > Temporary Files names another place",
        ) from error
    return copy, True


def _metadata(context: bpy.types.Context) -> dict[str, str]:
    build_hash = bpy.app.build_hash
    return {
        "scene": context.scene.name,
        "blender.version": bpy.app.version_string,
        "blender.hash": build_hash.decode() if isinstance(build_hash, bytes) else str(build_hash),
    }


def _pairs(flag: str, values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (flag, f"{key}={as_text(value)}")]


def _pump(submission: Submission, ordered: Order) -> float | None:
    process = submission.process
    assert process is not None
    events = process.take_events()
    try:
        for event in events:
            submission.take(event)
            if event["event"] == "report" and not submission.is_dry_run:
                _decide(submission, ordered)
            if event["event"] == "exit":
                _end(submission, ordered)
                return None
    except Exception as error:
        # A tool of another version may tell what we do not understand.
        process.cancel()
        submission.take(problem_event(error))
        _end(submission, ordered)
        raise
    # Only news is drawn: a redraw between a button's press and its release may swallow the click.
    if events:
        background.redraw()
    return PUMP_SECONDS


def _decide(submission: Submission, ordered: Order) -> None:
    """Only what the artist has to know of stops a submission on its way."""
    report = submission.report or {}
    if report.get("missing") and not ordered.ignore_missing:
        submission.is_waiting = True
        submission.text = "Files are missing"
    else:
        submission.decide("send")


def _end(submission: Submission, ordered: Order) -> None:
    submission.is_ended = True
    submission.is_waiting = False
    forget_copy(ordered)
    for listener in _done:
        listener(submission)
    background.redraw()


def _on_trace(submission: Submission, event: Event) -> None:
    submission.phase, submission.fraction = "trace", 0.0
    submission.text = f"Found {event.get('files', 0):,} files"


def _on_hash(submission: Submission, event: Event) -> None:
    submission.phase = "hash"
    submission.fraction = _ratio(event)
    submission.text = f"Reading {_bytes_of(event)}"


def _on_upload(submission: Submission, event: Event) -> None:
    submission.phase = "upload"
    submission.fraction = _ratio(event)
    rate, left = event.get("rate"), event.get("eta_s")
    speed = f" · {format_bytes(rate)}/s" if rate else ""
    remaining = f" · {format_seconds(left)} left" if left else ""
    submission.text = f"{_bytes_of(event)}{speed}{remaining}"


def _on_report(submission: Submission, event: Event) -> None:
    submission.phase = "report"
    submission.report = event


def _on_submitted(submission: Submission, event: Event) -> None:
    submission.phase, submission.fraction = "submitted", 1.0
    submission.result = event
    submission.text = f"Submitted {event['job']['name']}"


def _on_error(submission: Submission, event: Event) -> None:
    submission.phase = "error"
    submission.problem = event
    submission.text = str(event.get("message", ""))


def _ratio(event: Event) -> float:
    total = event.get("bytes_total") or 0
    return min(1.0, (event.get("bytes_done") or 0) / total) if total else 1.0


def _bytes_of(event: Event) -> str:
    done, total = event.get("bytes_done") or 0, event.get("bytes_total") or 0
    return f"{format_bytes(done)} of {format_bytes(total)}"


_steps: dict[str, Callable[[Submission, Event], None]] = {
    "trace": _on_trace,
    "hash": _on_hash,
    "upload": _on_upload,
    "report": _on_report,
    "submitted": _on_submitted,
    "error": _on_error,
}


def result_json(submission: Submission) -> str:
    """The outcome as scripts read it."""
    outcome = submission.result or submission.problem or submission.report or {}
    return json.dumps(outcome)
