"""Farms found on the local network, for the chooser. Searched for in the background, when asked to."""

from dataclasses import dataclass
from typing import Any

import bpy

from . import background, discovery
from .discovery import FoundFarm


@dataclass
class _State:
    found: tuple[FoundFarm, ...] = ()
    is_searching: bool = False
    was_searched: bool = False


_state = _State()


def found() -> tuple[FoundFarm, ...]:
    return _state.found


def is_searching() -> bool:
    return _state.is_searching


def was_searched() -> bool:
    return _state.was_searched


def search() -> None:
    """Looks around once more; nothing is sent while Blender is to stay offline."""
    if _state.is_searching or not bpy.app.online_access:
        return
    _state.is_searching = True
    background.run(discovery.find, _ended)


def unregister() -> None:
    _state.__init__()


def _ended(result: Any) -> None:
    _state.is_searching = False
    _state.was_searched = True
    _state.found = () if isinstance(result, Exception) else tuple(result)
