"""The pack tool on this machine: a configured command, or the one that the farm hands out.

Knows nothing of Blender. What the farm hands out is named by digest: it is downloaded once, verified, and never
changes afterwards.
"""

import hashlib
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .manager import Manager, ManagerError

MAX_TOOL_BYTES = 512 * 1024 * 1024
HELP_SECONDS = 20.0
# Each is more than 100 MB, and every upgrade of a farm brings another; several farms may be in use in turns.
MAX_KEPT_TOOLS = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ToolChoice:
    """Either a command of this machine, or a folder to keep the farm's tool in."""

    command: tuple[str, ...] = ()
    folder: str = ""
    env: dict[str, str] = field(default_factory=dict)


def local_tool(path: str, words: Sequence[str]) -> ToolChoice:
    """A command of this machine: the path of a program, or a line of words."""
    program = [path] if os.path.exists(path) else list(words)
    found = shutil.which(program[0])
    if found is None:
        raise ManagerError(
            "NO_PACK_TOOL",
            f"There is no command {program[0]}",
            "Correct it in the add-on's preferences, or take the tool from the farm",
        )
    return ToolChoice(command=(found, *program[1:]))


def prepare(choice: ToolChoice, manager: Manager, progress: Progress | None = None) -> list[str]:
    """The command to run, after fetching the tool if need be. Takes its time: not for the main thread."""
    if choice.command:
        return list(choice.command)
    offer = _offer(manager)
    home = Path(choice.folder) / _safe(offer["version"])
    files = offer["files"]
    total = sum(int(file["size"]) for file in files)
    if total > MAX_TOOL_BYTES:
        raise ManagerError("PACK_TOOL_BROKEN", "The farm's pack tool is implausibly large")
    done = 0
    for file in files:
        target = home / _safe(file["name"])
        if not _is_intact(target, file):
            _download(manager, file, target)
        done += int(file["size"])
        if progress:
            progress(done, total)
    _forget_others(home)
    return [str(home / _safe(word)) for word in offer["command"]]


_help: dict[tuple[str, ...], str] = {}


def understands(command: Sequence[str], subcommand: str, option: str) -> bool:
    """Whether the tool has an option, by its own help. Asked once; takes its time: not for the main thread."""
    key = (*command, subcommand)
    if key not in _help:
        try:
            asked = subprocess.run(
                [*command, subcommand, "--help"],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=HELP_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            # What is wrong with it is told when it is run.
            return False
        _help[key] = asked.stdout.decode("utf-8", "replace")
    return option in _help[key].split()


def platform_name() -> str:
    """This machine as Node's packages are named: linux-x64, darwin-arm64, win-x64..."""
    systems = {"linux": "linux", "darwin": "darwin", "win32": "win"}
    machines = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
    machine = platform.machine().lower()
    return f"{systems.get(sys.platform, sys.platform)}-{machines.get(machine, machine)}"


def _offer(manager: Manager) -> dict[str, Any]:
    """What the farm hands out: {version, files: [{name, sha, size, executable}], command: [name...]}."""
    name = platform_name()
    try:
        offer = manager.get(f"/farm/pack-tool?platform={name}")
    except ManagerError as error:
        if error.status != 404:
            raise
        raise ManagerError(
            "NO_PACK_TOOL",
            f"This farm hands out no pack tool for {name}",
            "Set the command to run in the add-on's preferences",
        ) from error
    if not _is_offer(offer):
        raise ManagerError("PACK_TOOL_BROKEN", "The farm's offer of a pack tool makes no sense")
    return offer


def _is_offer(offer: Any) -> bool:
    try:
        return bool(offer["command"]) and all(
            len(file["sha"]) == 64 and file["size"] >= 0 and file["name"] for file in offer["files"]
        )
    except (KeyError, TypeError):
        return False


def _is_intact(path: Path, file: dict[str, Any]) -> bool:
    """Verified before every use: half of a tool, or a tampered one, must not run."""
    try:
        if path.stat().st_size != file["size"]:
            return False
        if file.get("executable") and not os.access(path, os.X_OK):
            return False
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file["sha"]
    except FileNotFoundError:
        return False


def _download(manager: Manager, file: dict[str, Any], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent)
    try:
        hasher = hashlib.sha256()
        with os.fdopen(handle, "wb") as stream:

            def keep(piece: bytes) -> None:
                if stream.tell() + len(piece) > file["size"]:
                    raise _damaged(file)
                hasher.update(piece)
                stream.write(piece)

            manager.download(f"/api/v3/farm/pack-tool/files/{file['sha']}", keep)
        if hasher.hexdigest() != file["sha"]:
            raise _damaged(file)
        if file.get("executable"):
            os.chmod(temporary, os.stat(temporary).st_mode | stat.S_IXUSR)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _damaged(file: dict[str, Any]) -> ManagerError:
    return ManagerError(
        "PACK_TOOL_BROKEN",
        f"The pack tool's {file['name']} arrived damaged",
        "Try again; if it stays so, tell the farm's wrangler",
    )


def _forget_others(home: Path) -> None:
    """Removes the tools that were not used for the longest time. One that runs just now stays where a system insists."""
    os.utime(home)
    kept = sorted(home.parent.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in kept[MAX_KEPT_TOOLS:]:
        shutil.rmtree(folder, ignore_errors=True)


def _safe(name: str) -> str:
    """A name from the farm must not lead out of the tool's folder."""
    if not name or name in (".", "..") or any(character in name for character in "/\\:\0"):
        raise ManagerError("PACK_TOOL_BROKEN", f"The farm's pack tool has a file named {json.dumps(name)}")
    return name
