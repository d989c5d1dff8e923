"""Runs the pack tool as a child process and passes on what it tells, one JSON object a line.

Knows nothing of Blender. Reading happens in a thread of its own; `take_events` never waits.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Event = dict[str, Any]

# A reader that stalls must not let the tool's progress pile up; the tool waits instead.
MAX_WAITING_EVENTS = 10_000
STOP_SECONDS = 5.0


class PackProcess:
    """One run of the pack tool."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self._events: queue.Queue[Event] = queue.Queue(MAX_WAITING_EVENTS)
        self._stderr: list[str] = []
        self._is_canceled = False
        self._has_outcome = False
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            **_own_group(),
        )
        self._complaints = threading.Thread(
            target=self._read_stderr, name="shaman-farm-pack-err", daemon=True
        )
        self._complaints.start()
        threading.Thread(target=self._read_events, name="shaman-farm-pack", daemon=True).start()

    def take_events(self) -> list[Event]:
        """What the tool has told since the last call."""
        events = []
        while True:
            try:
                events.append(self._events.get_nowait())
            except queue.Empty:
                return events

    def wait_for_events(self) -> Iterator[Event]:
        """Every event up to the end, waiting for each: for use without a user interface."""
        while True:
            event = self._events.get()
            yield event
            if event["event"] == "exit":
                return

    def answer(self, decision: str) -> None:
        """Answers the report: `send` or `cancel`."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{decision}\n".encode())
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # The tool has ended; its exit event says why.

    def cancel(self) -> None:
        """Asks the tool to stop; it is killed if it does not. Returns at once."""
        self._is_canceled = True
        if self._process.poll() is not None:
            return
        self._process.terminate()
        killer = threading.Timer(STOP_SECONDS, self._kill)
        killer.daemon = True
        killer.start()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()

    def _read_events(self) -> None:
        code = -1
        try:
            self._pass_events()
            code = self._process.wait()
            self._complaints.join(1.0)
            if not self._has_outcome and (code != 0 or self._is_canceled):
                self._events.put(self._failure(code))
        finally:
            # Somebody waits for the end, whatever it looks like.
            self._events.put({"event": "exit", "code": code})

    def _pass_events(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = _parse(line)
            if event is None:
                continue
            self._has_outcome = self._has_outcome or event["event"] in ("submitted", "error")
            self._events.put(event)

    def _failure(self, code: int) -> Event:
        if self._is_canceled:
            return {"event": "error", "code": "CANCELED", "message": "Canceled: no job was made"}
        last = self._stderr[-1] if self._stderr else "it said nothing"
        return {
            "event": "error",
            "code": "PACK_TOOL_FAILED",
            "message": f"The pack tool ended with code {code}: {last}",
            "hint": "Window > Toggle System Console shows everything it said.",
        }

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                print(f"shaman farm: {text}", file=sys.stderr, flush=True)
                self._stderr = [*self._stderr[-49:], text]


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _own_group() -> dict[str, Any]:
    """Ctrl-C in the terminal that Blender runs in is meant for Blender, not for the upload."""
    if os.name == "nt":
        no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        return {"creationflags": no_window | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}
