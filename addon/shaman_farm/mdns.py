"""Asks the local network who offers a service, by multicast DNS (RFC 6762). Knows nothing of Blender."""

import socket
import struct
from dataclasses import dataclass

GROUP = ("224.0.0.251", 5353)
PTR, SRV = 12, 33
MAX_RECORDS = 200


@dataclass(frozen=True)
class Service:
    host: str
    """The address that the answer came from: names in `.local` are not resolved everywhere."""
    port: int


def question(service: str) -> bytes:
    """A query for who offers `_service._tcp.local`; unicast answers are welcome."""
    labels = [f"_{service}", "_tcp", "local"]
    name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    return struct.pack("!6H", 0, 0, 1, 0, 0, 0) + name + struct.pack("!2H", PTR, 0x8001)


def services_in(answer: bytes, service: str, sender: str) -> list[Service]:
    """The services that an answer offers; what is no answer offers none."""
    ending = f"_{service}._tcp.local"
    try:
        return [
            Service(sender, struct.unpack("!H", data[4:6])[0])
            for name, kind, data in _records(answer)
            if kind == SRV and name.lower().endswith(ending) and len(data) > 6
        ]
    except (struct.error, IndexError, ValueError):
        return []


def open_socket() -> socket.socket:
    """One that hears answers to everybody too: few responders answer the asker alone."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("", GROUP[1]))
        joined = socket.inet_aton(GROUP[0]) + socket.inet_aton("0.0.0.0")
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
    except OSError:
        # The port is somebody else's alone: those that answer the asker are still heard.
        sock.close()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return sock


def _records(message: bytes) -> list[tuple[str, int, bytes]]:
    _, flags, questions, *counts = struct.unpack("!6H", message[:12])
    if not flags & 0x8000:
        return []
    at = 12
    for _ in range(questions):
        _, at = _name(message, at)
        at += 4
    records = []
    for _ in range(min(sum(counts), MAX_RECORDS)):
        name, at = _name(message, at)
        kind, _, _, length = struct.unpack("!2HIH", message[at : at + 10])
        at += 10
        if at + length > len(message):
            raise ValueError("a record that was cut off")
        records.append((name, kind, message[at : at + length]))
        at += length
    return records


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name and where the next thing begins. Names may point at earlier ones, but not in circles."""
    labels: list[str] = []
    end = 0
    for _ in range(128):
        length = message[at]
        if length == 0:
            return ".".join(labels), end or at + 1
        if length & 0xC0 == 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", message[at : at + 2])[0] & 0x3FFF
            continue
        labels.append(message[at + 1 : at + 1 + length].decode("utf-8", "replace"))
        at += 1 + length
    raise ValueError("a name without an end")
