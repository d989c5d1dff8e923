"""What the farm says about a job. Knows nothing of Blender."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .manager import Manager, ManagerError


@dataclass(frozen=True)
class JobFacts:
    status: str
    name: str = ""
    priority: int = 50
    steps_done: int = 0
    steps_total: int = 0
    activity: str = ""
    eta_seconds: float = 0
    output: str = ""
    image: str = ""
    """Path of the newest image; empty when there is no newer one."""
    image_key: str = ""


def fetch_all(
    questions: list[tuple[Manager, str, str]], folder: Path
) -> list[JobFacts | ManagerError]:
    """The facts of jobs, given their manager, id and last image. A silent farm is asked once, not for each job."""
    silent: dict[str, ManagerError] = {}
    answers: list[JobFacts | ManagerError] = []
    for manager, job_id, image_key in questions:
        problem = silent.get(manager.url)
        if problem is None:
            try:
                answers.append(fetch(manager, job_id, image_key, folder))
                continue
            except ManagerError as error:
                problem = silent[manager.url] = error
        answers.append(problem)
    return answers


def fetch(manager: Manager, job_id: str, image_key: str, folder: Path) -> JobFacts:
    job = _unless_absent(manager, f"/jobs/{job_id}")
    if job is None:
        return JobFacts(status="deleted")
    # Flamenco's managers do not tell how long it will take.
    eta = (_unless_absent(manager, f"/farm/jobs/{job_id}") or {}).get("eta")
    key = f"{job_id} {job.get('steps_completed')}"
    image = last_image(manager, job_id, folder, is_small=True) if key != image_key else None
    return JobFacts(
        status=str(job.get("status", "")),
        name=str(job.get("name", "")),
        priority=int(job.get("priority", 50)),
        steps_done=int(job.get("steps_completed", 0)),
        steps_total=int(job.get("steps_total", 0)),
        activity=str(job.get("activity", "")),
        # Of the range the later end: a job done early disappoints nobody.
        eta_seconds=float((eta or {}).get("high_s") or 0) if isinstance(eta, dict) else 0,
        output=str((job.get("settings") or {}).get("render_output_path", "")),
        image=str(image) if image else "",
        image_key=key if image else "",
    )


def last_image(manager: Manager, job_id: str, folder: Path, *, is_small: bool) -> Path | None:
    """The manager's own image of the newest frame, as a file."""
    last = manager.get(f"/jobs/{job_id}/last-rendered")
    suffixes = (last or {}).get("suffixes") or []
    if not last or not suffixes:
        return None
    small = next((name for name in suffixes if "tiny" in name or "small" in name), suffixes[0])
    # Names come from the farm: only what follows the last slash may name a file here.
    name = Path(small if is_small else suffixes[0]).name
    target = folder / f"{job_id}-{name}"
    target.write_bytes(manager.fetch(f"{last['base']}/{name}"))
    return target


def _unless_absent(manager: Manager, path: str) -> dict[str, Any] | None:
    try:
        return dict(manager.get(path) or {})
    except ManagerError as error:
        if error.status == 404:
            return None
        raise
