"""What the farm has told about itself: job types, worker tags, where renders go. Kept on disk between sessions."""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import background, neighbours, places, preferences
from .job_types import JobType, parse_job_types
from .manager import Manager, ManagerError, clean_url


@dataclass(frozen=True)
class FarmInfo:
    url: str
    fetched_at: float
    version: str = ""
    name: str = ""
    output_root: str = ""
    job_types: tuple[JobType, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Worker tags: (id, name)."""
    is_ours: bool = True
    """False for Flamenco's manager, which submits and renders but tells less."""

    def job_type(self, name: str) -> JobType | None:
        return next((job_type for job_type in self.job_types if job_type.name == name), None)


@dataclass
class _State:
    info: FarmInfo | None = None
    problem: ManagerError | None = None
    asking: int = 0
    """Number of the question under way; 0 for none. Answers to earlier ones do not count any more."""
    asked: int = 0
    listeners: list[Callable[[], None]] = field(default_factory=list)


_state = _State()


def current() -> FarmInfo | None:
    return _state.info


def on_change(listener: Callable[[], None]) -> None:
    """Calls `listener` on the main thread whenever the farm's facts have changed."""
    _state.listeners.append(listener)


def forget() -> None:
    """Another manager: what the last one told does not hold any more."""
    _state.info = _from_disk()
    _state.problem = None
    _state.asking = 0
    _tell()


def refresh() -> None:
    """Asks the farm in the background."""
    try:
        manager = preferences.manager()
    except ManagerError as problem:
        _state.problem = problem
        return
    _state.asked += 1
    number = _state.asking = _state.asked
    background.run(
        lambda: fetch_and_keep(manager), lambda result: _refreshed(number, manager, result)
    )


def refresh_now() -> FarmInfo:
    """Asks the farm and waits; for use without a user interface."""
    manager = preferences.manager()
    _accept(manager, fetch_and_keep(manager))
    assert _state.info is not None
    return _state.info


def fetch_and_keep(manager: Manager) -> dict[str, Any]:
    answers = fetch(manager)
    _to_disk(manager.url, answers)
    return answers


def fetch(manager: Manager) -> dict[str, Any]:
    """The farm's raw answers. A Flamenco manager gives all but the defaults."""
    name = "windows" if sys.platform == "win32" else sys.platform
    answers = {
        "version": manager.get("/version"),
        "types": manager.get("/jobs/types"),
        "tags": manager.get("/worker-mgt/tags"),
        "fetched_at": time.time(),
    }
    try:
        answers["defaults"] = manager.get(f"/farm/submission-defaults?platform={name}")
    except ManagerError as error:
        if error.status != 404:
            raise
    return answers


def load() -> None:
    """What an earlier session was told, so that the panel works before the first answer."""
    _state.info = _from_disk()
    _tell()


def problem() -> ManagerError | None:
    return _state.problem


def is_refreshing() -> bool:
    return _state.asking != 0


def unregister() -> None:
    _state.__init__()


def _refreshed(number: int, manager: Manager, result: Any) -> None:
    if number != _state.asking:
        return
    _state.asking = 0
    if not isinstance(result, Exception):
        _accept(manager, result)
        return
    _state.problem = _problem_of(result)
    # Whoever has no farm yet wants to see those around.
    if _state.info is None and not neighbours.was_searched():
        neighbours.search()


def _accept(manager: Manager, answers: dict[str, Any]) -> None:
    _state.problem = None
    _state.info = _info_of(manager.url, answers)
    preferences.remember_farm(manager.url, _state.info.name)
    _tell()


def _problem_of(error: Exception) -> ManagerError:
    if isinstance(error, ManagerError):
        return error
    return ManagerError("FAILED", f"{type(error).__name__}: {error}")


def _info_of(url: str, answers: dict[str, Any]) -> FarmInfo:
    version = answers.get("version") or {}
    defaults = answers.get("defaults")
    tags = (answers.get("tags") or {}).get("tags") or []
    return FarmInfo(
        url=url,
        fetched_at=float(answers.get("fetched_at") or 0),
        version=str(version.get("version", "")),
        name=str(version.get("name", "")),
        output_root=str((defaults or {}).get("render_output_root", "")),
        is_ours=defaults is not None,
        job_types=tuple(parse_job_types(answers.get("types"))),
        tags=tuple((str(tag.get("id", "")), str(tag.get("name", ""))) for tag in tags),
    )


def _tell() -> None:
    for listener in _state.listeners:
        listener()


def _cache_file(url: str) -> Path:
    return places.folder("farms") / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.json"


def _from_disk() -> FarmInfo | None:
    try:
        url = clean_url(preferences.get().manager_url)
        return _info_of(url, json.loads(_cache_file(url).read_text("utf-8")))
    except (ManagerError, OSError, ValueError, AttributeError, KeyError, TypeError):
        return None


def _to_disk(url: str, answers: dict[str, Any]) -> None:
    try:
        _cache_file(url).write_text(json.dumps(answers), "utf-8")
    except OSError as error:
        print(f"shaman farm: cannot remember the farm's facts: {error}")
