"""Finds farms on the local network: by SSDP, as Flamenco's workers do, and by mDNS. Knows nothing of Blender."""

import selectors
import socket
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import mdns
from .manager import Manager, ManagerError

SSDP_GROUP = ("239.255.255.250", 1900)
SSDP_TYPE = "urn:flamenco:manager:0"
MDNS_TYPE = "shaman-farm"
SECONDS = 3.0
# Anybody on the network can answer; nobody has this many farms.
MAX_ANSWERS = 32


@dataclass(frozen=True)
class FoundFarm:
    url: str
    name: str


@dataclass(frozen=True)
class Search:
    """Whom to ask; tests ask a responder of their own."""

    seconds: float = SECONDS
    ssdp: tuple[str, int] = SSDP_GROUP
    mdns: tuple[str, int] = mdns.GROUP
    ssdp_type: str = SSDP_TYPE


def find(search: Search | None = None) -> list[FoundFarm]:
    """The farms that answer and prove to be some. Takes seconds: not for the main thread."""
    search = search or Search()
    heard = list(dict.fromkeys(_listen(search)))[:MAX_ANSWERS]
    if not heard:
        return []
    with ThreadPoolExecutor(8) as pool:
        farms = pool.map(_ask, heard)
    return sorted((farm for farm in farms if farm), key=lambda farm: (farm.name, farm.url))


def _listen(search: Search) -> Iterator[str]:
    """Addresses as they are told within the time; a network without multicast tells none."""
    with selectors.DefaultSelector() as selector:
        _open(selector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM), search.ssdp, _ssdp(search))
        _open(selector, mdns.open_socket(), search.mdns, mdns.question(MDNS_TYPE))
        until = time.monotonic() + search.seconds
        try:
            while (left := until - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    yield from _urls(key.fileobj)
        finally:
            for key in list(selector.get_map().values()):
                key.fileobj.close()


def _open(
    selector: selectors.BaseSelector, sock: socket.socket, to: tuple[str, int], request: bytes
) -> None:
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 2)
        # One lost datagram must not hide a farm.
        for _ in range(2):
            sock.sendto(request, to)
        selector.register(sock, selectors.EVENT_READ)
    except OSError:
        sock.close()


def _ssdp(search: Search) -> bytes:
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {search.ssdp[0]}:{search.ssdp[1]}",
        'MAN: "ssdp:discover"',
        "MX: 1",
        f"ST: {search.ssdp_type}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _urls(sock: socket.socket) -> Iterator[str]:
    try:
        answer, sender = sock.recvfrom(9000)
    except OSError:
        return
    if answer.startswith(b"HTTP/"):
        location = _location(answer)
        if location:
            yield location
        return
    for service in mdns.services_in(answer, MDNS_TYPE, sender[0]):
        yield f"http://{service.host}:{service.port}"


def _location(answer: bytes) -> str:
    for line in answer.decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "location":
            try:
                parts = urllib.parse.urlsplit(value.strip())
            except ValueError:
                return ""
            is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
            return f"{parts.scheme}://{parts.netloc}" if is_web else ""
    return ""


def _ask(url: str) -> FoundFarm | None:
    """An answer proves nothing: only what speaks like a manager is shown to the artist."""
    try:
        version = Manager(url, timeout=2.0).get("/version")
        return FoundFarm(url, str(version["name"])) if version["shortversion"] else None
    except (ManagerError, KeyError, TypeError):
        return None
