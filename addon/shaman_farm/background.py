"""Work beside Blender's user interface. Results come back on the main thread, where Blender may be touched."""

import _thread
import queue
import traceback
from collections.abc import Callable
from typing import Any

import bpy

_results: queue.SimpleQueue[tuple[Callable[[Any], None], Any]] = queue.SimpleQueue()
_running = 0
_has_news = False
PUMP_SECONDS = 0.1


def run(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """Does `work` in a thread, then calls `done` with its result, or with the exception it raised."""
    global _running
    _running += 1

    def body() -> None:
        try:
            result = work()
        except Exception as error:
            result = error
        _results.put((done, result))

    # Thread.start() would wait until the thread runs: measured, 90 ms on a machine with much else to do.
    _thread.start_new_thread(body, ())
    if not bpy.app.timers.is_registered(_pump):
        bpy.app.timers.register(_pump, first_interval=PUMP_SECONDS, persistent=True)


def tell_progress() -> None:
    """From any thread: what the panels show has moved on."""
    global _has_news
    _has_news = True


def redraw() -> None:
    """Lets the panels show what has changed."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("PROPERTIES", "VIEW_3D", "PREFERENCES"):
                area.tag_redraw()


def unregister() -> None:
    if bpy.app.timers.is_registered(_pump):
        bpy.app.timers.unregister(_pump)


def _pump() -> float | None:
    global _running, _has_news
    has_news, _has_news = _has_news, False
    while True:
        try:
            done, result = _results.get_nowait()
        except queue.Empty:
            break
        _running -= 1
        try:
            done(result)
        except Exception:
            traceback.print_exc()
        has_news = True
    if has_news:
        redraw()
    return PUMP_SECONDS if _running > 0 else None
