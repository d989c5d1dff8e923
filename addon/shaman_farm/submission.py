"""One submission as the panel shows it: what the pack tool tells moves it on."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .formats import format_bytes, format_seconds
from .manager import ManagerError
from .pack_bridge import Event, PackProcess


@dataclass
class Submission:
    job_name: str
    wishes: dict[str, Any] = field(default_factory=dict)
    phase: str = "preparing"
    fraction: float = 0.0
    text: str = "Preparing…"
    pace: str = ""
    """How fast it goes and what is left: a line of its own, for both do not fit into a narrow panel's bar."""
    report: Event | None = None
    problem: Event | None = None
    result: Event | None = None
    is_waiting: bool = False
    """Whether the report waits for the artist's decision."""
    is_ended: bool = False
    is_dry_run: bool = False
    is_canceled: bool = False
    is_repeated: bool = False
    """Whether it starts anew as soon as it has ended."""
    process: PackProcess | None = field(default=None, repr=False)

    def take(self, event: Event) -> None:
        """Moves on by what the pack tool told. What was on its way when the artist canceled is no news any more."""
        name = event["event"]
        apply = _steps.get(name)
        if apply and not (self.is_canceled and name in _under_way):
            apply(self, event)

    def ask(self) -> None:
        self.is_waiting = True
        self.text = "Files are missing" if (self.report or {}).get("missing") else "Ready to send"

    def decide(self, decision: str) -> None:
        """Answers the report: `send` or `cancel`."""
        self.is_waiting = False
        if self.process:
            self.process.answer(decision)

    def cancel(self) -> None:
        self.is_canceled = True
        self.is_waiting = False
        self.pace, self.text = "", "Canceling…"
        if self.process:
            self.process.cancel()

    def outcome(self) -> str:
        """As scripts read it."""
        return json.dumps(self.result or self.problem or self.report or {})


_current: Submission | None = None


def current() -> Submission | None:
    return _current


def is_running() -> bool:
    return _current is not None and not _current.is_ended


def show(submission: Submission | None) -> None:
    """Makes this the one that the panel shows."""
    global _current
    _current = submission


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


def problem_event(error: Exception) -> Event:
    if isinstance(error, ManagerError):
        facts = {"code": error.code, "message": error.message, "hint": error.hint}
    else:
        facts = {"code": "FAILED", "message": f"{type(error).__name__}: {error}"}
    return {"event": "error", **facts}


def _on_trace(submission: Submission, event: Event) -> None:
    submission.phase, submission.fraction = "trace", 0.0
    submission.text = f"Looked into {event.get('blends', 0):,} .blend files"


def _on_hash(submission: Submission, event: Event) -> None:
    submission.phase = "hash"
    submission.fraction = _ratio(event)
    submission.text = f"Reading {_bytes_of(event)}"


def _on_upload(submission: Submission, event: Event) -> None:
    submission.phase = "upload"
    submission.fraction = _ratio(event)
    rate, left = event.get("rate"), event.get("eta_s")
    facts = (f"{format_bytes(rate)}/s" if rate else "", f"{format_seconds(left)} left" if left else "")
    submission.pace = " · ".join(fact for fact in facts if fact)
    submission.text = _bytes_of(event)


def _on_report(submission: Submission, event: Event) -> None:
    submission.phase = "report"
    submission.report = event


def _on_submitted(submission: Submission, event: Event) -> None:
    submission.phase, submission.fraction, submission.pace = "submitted", 1.0, ""
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


_under_way = ("trace", "hash", "upload", "report")
_steps: dict[str, Callable[[Submission, Event], None]] = {
    "trace": _on_trace,
    "hash": _on_hash,
    "upload": _on_upload,
    "report": _on_report,
    "submitted": _on_submitted,
    "error": _on_error,
}
