"""From an order to a job on the farm: in the background for artists, waiting for scripts."""

from collections.abc import Callable
from functools import partial
from typing import Any

import bpy

from . import background, my_jobs, pack_tool, preferences, submission, unfinished
from .manager import Manager, ManagerError
from .order import Order, Wishes, forget_files, gather, write_files
from .pack_bridge import Event, PackProcess
from .submission import Submission, problem_event

PUMP_SECONDS = 0.1
# A shorter upload says nothing about the network.
MIN_MEASURED_BYTES = 4_000_000

_listeners: list[Callable[[Submission], None]] = []


def on_end(listener: Callable[[Submission], None]) -> None:
    _listeners.append(listener)


def unregister() -> None:
    current = submission.current()
    if current and not current.is_ended:
        current.cancel()
    submission.show(None)
    _listeners.clear()


def start(context: bpy.types.Context, wishes: Wishes, *, is_dry_run: bool) -> None:
    """Begins a submission that goes on in the background."""
    # What can be refused is refused before anything is written.
    manager, choice = preferences.manager(), preferences.tool_choice()
    order = gather(context, wishes, is_dry_run=is_dry_run)
    sub = Submission(job_name=order.job_name, wishes=wishes, is_dry_run=is_dry_run)
    submission.show(sub)

    def launch() -> PackProcess:
        if not order.is_dry_run:
            unfinished.begin(order.original, order.job_name)
        process = _launch(order, choice, manager, ["--confirm"], partial(_show_fetching, sub))
        # Here, not once it is told: where the add-on was disabled meanwhile, nobody hears of it.
        sub.process = process
        if sub.is_canceled:
            process.cancel()
        return process

    background.run(launch, lambda result: _launched(sub, order, result))


def run(order: Order, missing: str, tell: Callable[[Event], None]) -> Submission:
    """A whole submission, waiting for its end: for scripts and `blender -b`."""
    sub = Submission(job_name=order.job_name, is_dry_run=order.is_dry_run)
    try:
        manager, choice = preferences.manager(), preferences.tool_choice()
        sub.process = _launch(order, choice, manager, ["--missing", missing])
        for event in sub.process.wait_for_events():
            tell(event)
            sub.take(event)
    except (ManagerError, OSError) as error:
        sub.take(problem_event(error))
    finally:
        forget_files(order)
    _keep_outcome(sub, order)
    return sub


def again() -> None:
    """Begins the shown submission anew: something in the scene has been mended."""
    current = submission.current()
    if current is None:
        return
    current.is_repeated = True
    if current.is_ended:
        _repeat(current)
    else:
        current.cancel()


def _launch(
    order: Order,
    choice: pack_tool.ToolChoice,
    manager: Manager,
    flags: list[str],
    progress: pack_tool.Progress | None = None,
) -> PackProcess:
    """Takes its time: not for the main thread of a window."""
    listing = write_files(order)
    command = pack_tool.prepare(choice, manager, progress)
    if pack_tool.understands(command, "submit", "--listed"):
        flags = [*flags, "--listed", str(listing)]
    return PackProcess([*command, *order.arguments, *flags], order.env)


def _launched(sub: Submission, order: Order, result: Any) -> None:
    if isinstance(result, Exception):
        sub.take(problem_event(result))
        _end(sub, order)
        return
    bpy.app.timers.register(partial(_pump, sub, order), persistent=True)


def _show_fetching(sub: Submission, done: int, total: int) -> None:
    sub.text = "Fetching the pack tool…"
    sub.fraction = done / total if total else 0


def _pump(sub: Submission, order: Order) -> float | None:
    process = sub.process
    assert process is not None
    events = process.take_events()
    try:
        for event in events:
            sub.take(event)
            if event["event"] == "report" and not (sub.is_dry_run or sub.is_canceled):
                _decide(sub, order)
            if event["event"] == "exit":
                _end(sub, order)
                return None
    except Exception as error:
        # A tool of another version may tell what we do not understand.
        process.cancel()
        sub.take(problem_event(error))
        _end(sub, order)
        raise
    # Only news is drawn: a redraw between a button's press and its release may swallow the click.
    if events:
        background.redraw()
    return PUMP_SECONDS


def _decide(sub: Submission, order: Order) -> None:
    """Only what the artist has to know of, or wants to see, stops a submission on its way."""
    is_lacking = bool((sub.report or {}).get("missing")) and not order.ignore_missing
    if is_lacking or order.is_reviewed:
        sub.ask()
    else:
        sub.decide("send")


def _end(sub: Submission, order: Order) -> None:
    sub.is_ended = True
    sub.is_waiting = False

    def tidy() -> None:
        forget_files(order)
        if not order.is_dry_run and not sub.is_repeated:
            unfinished.end(order.original)

    background.run(tidy, lambda _: None)
    _keep_outcome(sub, order)
    for listener in _listeners:
        listener(sub)
    if sub.is_repeated:
        _repeat(sub)
    background.redraw()


def _repeat(sub: Submission) -> None:
    try:
        start(bpy.context, sub.wishes, is_dry_run=sub.is_dry_run)
    except Exception as error:
        sub.take(problem_event(error))


def _keep_outcome(sub: Submission, order: Order) -> None:
    if not sub.result:
        return
    my_jobs.remember(sub.result)
    receipt = sub.result["receipt"]
    if receipt["uploadedBytes"] >= MIN_MEASURED_BYTES and receipt["durationMs"] > 0:
        seconds = receipt["durationMs"] / 1000
        preferences.note_rate(order.url, receipt["uploadedBytes"] / seconds)
