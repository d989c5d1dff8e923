"""Submissions that Blender's end cut short. What was sent is on the farm, so the artist is told to go on."""

import hashlib
import json
import os
import time
from pathlib import Path

from . import places

# Read once: the panel is drawn too often for a look at the disk.
_cut_short: dict[str, str] = {}
KEPT_SECONDS = 7 * 24 * 3600


def register() -> None:
    for record in _folder().glob("*.json"):
        try:
            facts = json.loads(record.read_text("utf-8"))
            if time.time() - facts["at"] > KEPT_SECONDS:
                record.unlink()
            elif not _is_running(facts["pid"]):
                _cut_short[facts["blend"]] = facts["job_name"]
        except (OSError, ValueError, KeyError, TypeError):
            record.unlink(missing_ok=True)


def unregister() -> None:
    _cut_short.clear()


def begin(blend: Path, job_name: str) -> None:
    facts = {"blend": str(blend), "job_name": job_name, "pid": os.getpid(), "at": time.time()}
    try:
        _record(blend).write_text(json.dumps(facts), "utf-8")
    except OSError as error:
        print(f"shaman farm: cannot remember that a submission began: {error}")


def end(blend: Path) -> None:
    _cut_short.pop(str(blend), None)
    _record(blend).unlink(missing_ok=True)


def job_name_of(blend: str) -> str:
    """The job that was being submitted from this .blend when Blender ended; empty if none was."""
    return _cut_short.get(blend, "")


def _record(blend: Path) -> Path:
    return _folder() / f"{hashlib.sha256(os.fsencode(blend)).hexdigest()[:24]}.json"


def _folder() -> Path:
    return places.folder("unfinished")


def _is_running(pid: int) -> bool:
    """Whether another Blender is still at it. Windows has no harmless way to ask."""
    if os.name == "nt":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid != os.getpid()
