"""What a submission needs, gathered from the scene on the main thread and used beside it."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

from . import farm_info, preferences, scene, settings
from .job_types import JobType, as_text
from .manager import Manager, ManagerError

Wishes = dict[str, Any]


@dataclass
class Order:
    """What to submit."""

    job_name: str
    url: str
    original: Path
    copy: Path
    is_copy_written: bool
    arguments: list[str]
    env: dict[str, str]
    listed: list[str] = field(repr=False)
    """Every path that Blender knows of: a second opinion for the pack tool."""
    ignore_missing: bool
    is_reviewed: bool
    is_dry_run: bool


def gather(
    context: bpy.types.Context, wishes: Wishes, *, is_dry_run: bool, is_script: bool = False
) -> Order:
    """Raises ManagerError. Writes a copy if the scene has unsaved changes, and for scripts always: Blender does not
    see what they have just changed.

    The artist's own file is never written: not now and not later.
    """
    if not bpy.data.filepath:
        raise ManagerError(
            "UNSAVED", "This scene has never been saved", "Save it once, so that it has a place"
        )
    manager = preferences.manager()
    info, job_type = _job_type(context, wishes)
    settings.use(job_type)
    name = wishes.get("job_name") or scene.job_name(context.scene)
    given = wishes.get("settings") or {}
    values = settings.values(context, job_type, name, info.output_root, given)
    group = context.scene.shaman_farm
    original = Path(bpy.data.filepath)
    copy, is_written = _place_copy(original, is_changed=is_script or scene.is_changed())
    return Order(
        job_name=name,
        url=manager.url,
        original=original,
        copy=copy,
        is_copy_written=is_written,
        arguments=[
            *("submit", str(copy), "--as", str(original), "--json", "--manager", manager.url),
            *("--type", job_type.name, "--name", name),
            *(("--type-etag", job_type.etag) if job_type.etag else ()),
            *_job_arguments(group, wishes),
            *(("--dry-run",) if is_dry_run else ()),
            *_pairs("--setting", values),
            *_pairs("--metadata", _metadata(context, group, wishes)),
        ],
        env=_environment(manager),
        listed=_listed_by_blender(),
        ignore_missing=group.ignore_missing,
        is_reviewed=group.review,
        is_dry_run=is_dry_run,
    )


def write_files(order: Order) -> Path:
    """The files that the pack tool reads; answers where Blender's list lies. Beside the main thread.

    A saved scene is copied as a file; a changed one was written by Blender already.
    """
    if not order.is_copy_written:
        shutil.copyfile(order.original, order.copy)
        order.is_copy_written = True
    listing = order.copy.parent / "listed.json"
    # A path that is no text cannot be told in JSON; the pack tool finds it by itself.
    listing.write_text(json.dumps({"paths": order.listed}), "utf-8", "replace")
    return listing


def forget_files(order: Order) -> None:
    shutil.rmtree(order.copy.parent, ignore_errors=True)


def _job_type(
    context: bpy.types.Context, wishes: Wishes
) -> tuple[farm_info.FarmInfo, JobType]:
    info = farm_info.current()
    name = wishes.get("job_type") or scene.job_type_name(context.scene)
    job_type = info.job_type(name) if info else None
    if info is None or job_type is None:
        raise ManagerError(
            "JOB_TYPE_UNKNOWN", f'The farm has no job type "{name}"', "Refresh from the farm"
        )
    return info, job_type


def _job_arguments(group: Any, wishes: Wishes) -> list[str]:
    tag = wishes.get("tag") or ("" if group.tag in ("-", "") else group.tag)
    project = bpy.path.abspath(group.project)
    return [
        *("--priority", str(wishes.get("priority", group.priority))),
        *(("--paused",) if wishes.get("paused", group.start_paused) else ()),
        *(("--tag", tag) if tag else ()),
        *(("--project", project) if project else ()),
    ]


def _environment(manager: Manager) -> dict[str, str]:
    """The token goes this way: a command line can be read by everybody on the machine.

    An empty one hides what Blender was started with, which may be another farm's. Whom Blender trusts, the tool does.
    """
    authority = os.environ.get("SSL_CERT_FILE")
    return {
        "FARM_TOKEN": manager.token,
        **({"NODE_EXTRA_CA_CERTS": authority} if authority else {}),
    }


def _listed_by_blender() -> list[str]:
    paths = bpy.utils.blend_paths(absolute=True, packed=False, local=False)
    return sorted({path for path in paths if path})


def _place_copy(original: Path, *, is_changed: bool) -> tuple[Path, bool]:
    """Where the copy lies, and whether it is written already. In Blender's own temporary folder, which it cleans up."""
    folder = Path(tempfile.mkdtemp(prefix="shaman-farm-", dir=bpy.app.tempdir))
    copy = folder / original.name
    if not is_changed and original.exists():
        return copy, False
    try:
        # Paths stay as they are: the copy is read as if it lay at the original's place.
        with _without_preview():
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


@contextmanager
def _without_preview() -> Iterator[None]:
    """No picture of the scene is drawn for a file that is saved: nobody sees it, and Blender waits a second for it."""
    chosen = bpy.context.preferences
    kind, was_changed = chosen.filepaths.file_preview_type, chosen.is_dirty
    chosen.filepaths.file_preview_type = "NONE"
    try:
        yield
    finally:
        chosen.filepaths.file_preview_type = kind
        # Else Blender would keep preferences that nobody changed.
        chosen.is_dirty = was_changed


def _metadata(context: bpy.types.Context, group: Any, wishes: Wishes) -> dict[str, str]:
    """What only Blender knows. The pack tool adds user, host, project and revision."""
    build_hash = bpy.app.build_hash
    return {
        "scene": context.scene.name,
        "blender.version": bpy.app.version_string,
        "blender.hash": build_hash.decode() if isinstance(build_hash, bytes) else str(build_hash),
        **({"farm.reuse": "yes"} if group.reuse else {}),
        **(wishes.get("metadata") or {}),
    }


def _pairs(flag: str, values: dict[str, Any]) -> list[str]:
    return [word for key, value in values.items() for word in (flag, f"{key}={as_text(value)}")]
