"""Outputs on their way here. An artist works on meanwhile; the job's line tells how far they are."""

import threading
from pathlib import Path
from typing import Any

from . import background, outputs, preferences
from .formats import format_bytes, format_count
from .my_jobs import MyJob, when_done
from .outputs import Fetched

_stops: dict[str, threading.Event] = {}


def is_running(job_id: str) -> bool:
    return job_id in _stops


def start(job: MyJob, folder: Path) -> None:
    if job.id in _stops:
        return
    manager = preferences.manager(job.url)
    stop_wanted = _stops[job.id] = threading.Event()
    job.note = "Collecting what the farm has…"

    def progress(done: int, total: int) -> None:
        job.note = f"Fetching {done + 1} of {total}"
        background.tell_progress()

    def ended(result: Any) -> None:
        _stops.pop(job.id, None)
        when_done(job, lambda fetched: setattr(job, "note", summary(fetched)))(result)

    background.run(
        lambda: outputs.fetch_outputs(manager, job.id, folder, progress, stop_wanted.is_set), ended
    )


def run(job: MyJob, folder: Path) -> Fetched:
    """Waits for the end."""
    manager = preferences.manager(job.url)
    return outputs.fetch_outputs(manager, job.id, folder, lambda *_: None, lambda: False)


def stop(job_id: str) -> None:
    if job_id in _stops:
        _stops[job_id].set()


def unregister() -> None:
    for stop_wanted in _stops.values():
        stop_wanted.set()
    _stops.clear()


def summary(fetched: Fetched) -> str:
    known = f", {fetched.already_there:,} were here" if fetched.already_there else ""
    return f"{format_count(fetched.files, 'file')} ({format_bytes(fetched.bytes)}) in {fetched.folder}{known}"
