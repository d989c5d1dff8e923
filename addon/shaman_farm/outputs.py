"""What a job has rendered, fetched from the farm. Knows nothing of Blender.

Files come out of the farm's store by their digest: each is verified, and one that is here already is not fetched again.
"""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from .job_facts import last_image
from .manager import Manager, ManagerError

# The farm reads every frame that it has not read yet before it answers.
COLLECT_SECONDS = 300.0
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Output:
    path: str
    """Where it lies on the farm."""
    name: str
    """Where it belongs below the folder that outputs are fetched into; with `/`."""
    frame: int | None = None
    sha: str = ""
    size: int = 0


@dataclass(frozen=True)
class Fetched:
    folder: Path
    files: int
    bytes: int
    already_there: int


def fetch_outputs(
    manager: Manager, job_id: str, folder: Path, progress: Progress, is_canceled: Callable[[], bool]
) -> Fetched:
    """Fetches all that a job has made so far into a folder; what was fetched before stays."""
    patient = replace(manager, timeout=COLLECT_SECONDS)
    listed = [output for output in store_outputs(patient, job_id) if output.sha]
    if not listed:
        raise ManagerError("NO_OUTPUTS", "This job has made nothing yet that can be fetched")
    fetched, known, size = 0, 0, 0
    for index, output in enumerate(listed):
        if is_canceled():
            raise ManagerError("CANCELED", f"Canceled: {fetched + known} of {len(listed)} files are here")
        progress(index, len(listed))
        target = folder.joinpath(*PurePosixPath(output.name).parts)
        if _is_here(target, output):
            known += 1
            continue
        fetch_blob(manager, output, target)
        fetched, size = fetched + 1, size + output.size
    return Fetched(folder, fetched, size, known)


def newest_image(manager: Manager, job_id: str, folder: Path) -> Path:
    """The newest frame for a closer look: the file itself where this machine or the store has it, else its preview."""
    framed = [output for output in list_outputs(manager, job_id) if output.frame is not None]
    for output in reversed(framed):
        if Path(output.path).is_file():
            return Path(output.path)
        if output.sha:
            target = folder / f"{job_id}-{PurePosixPath(output.name).name}"
            if not _is_here(target, output):
                fetch_blob(manager, output, target)
            return target
    preview = last_image(manager, job_id, folder, is_small=False)
    if preview is None:
        raise ManagerError("NO_IMAGE", "This job has made no image yet")
    return preview


def list_outputs(manager: Manager, job_id: str) -> list[Output]:
    """In the order of frames. A Flamenco manager does not know: none."""
    return _outputs(lambda: manager.get(f"/farm/jobs/{job_id}/outputs"))


def store_outputs(manager: Manager, job_id: str) -> list[Output]:
    """The same, once all that is still there can be fetched from the store."""
    return _outputs(lambda: manager.post(f"/farm/jobs/{job_id}/outputs/store", None))


def _outputs(ask: Callable[[], Any]) -> list[Output]:
    try:
        answer = ask() or {}
    except ManagerError as error:
        if error.status == 404:
            return []
        raise
    root = str(answer.get("directory") or "")
    return [_output(root, file) for file in answer.get("files") or []]


def fetch_blob(manager: Manager, output: Output, target: Path) -> None:
    """Complete and verified, or not there at all."""
    temporary = target.with_name(f".{uuid.uuid4()}.part")
    try:
        hasher = hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as stream:
            manager.download(
                f"/api/v3/shaman/x/blobs/{output.sha}/{output.size}",
                lambda piece: (hasher.update(piece), stream.write(piece)),
            )
        if hasher.hexdigest() != output.sha:
            raise ManagerError(
                "OUTPUT_DAMAGED", f"{output.name} arrived damaged", "Try again", status=502
            )
        os.replace(temporary, target)
    except OSError as error:
        raise _unwritable(target.parent, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _output(root: str, file: dict[str, Any]) -> Output:
    path = str(file["path"])
    frame = file.get("frame")
    return Output(
        path=path,
        name=name_below(root, path),
        frame=int(frame) if isinstance(frame, int) else None,
        sha=str(file.get("sha") or ""),
        size=int(file.get("size") or 0),
    )


def name_below(root: str, path: str) -> str:
    """The path below the job's folder. Of one that leads elsewhere only the last name is kept."""
    kind = PureWindowsPath if "\\" in path or path[1:2] == ":" else PurePosixPath
    try:
        parts = kind(path).relative_to(kind(root)).parts if root else ()
    except ValueError:
        parts = ()
    if not parts or ".." in parts or any("\\" in part or ":" in part for part in parts):
        name = kind(path).name.replace("\\", "_").replace(":", "_")
        return name if name not in ("", "..") else "output"
    return "/".join(parts)


def _is_here(target: Path, output: Output) -> bool:
    try:
        if target.stat().st_size != output.size:
            return False
        with open(target, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == output.sha
    except OSError:
        return False


def _unwritable(folder: Path, error: OSError) -> ManagerError:
    return ManagerError(
        "FOLDER_UNWRITABLE", f"Cannot write to {folder}: {error.strerror}", "Choose another folder"
    )
