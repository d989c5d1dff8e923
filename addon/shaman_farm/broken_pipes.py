"""Keeps Blender alive when the other end of a pipe or a connection goes away.

Blender leaves SIGPIPE at its default, which ends the process: a manager that restarts while a request is being sent
would take the artist's Blender with it. Ignored, the same is an OSError. Children get the default back from
`subprocess`.
"""

import signal

_was_default = False


def ignore() -> None:
    """From the main thread only."""
    global _was_default
    if hasattr(signal, "SIGPIPE") and signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        _was_default = True


def restore() -> None:
    global _was_default
    if _was_default:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _was_default = False
