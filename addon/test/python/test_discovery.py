import socket
import struct
import threading
import unittest

from shaman_farm import mdns
from shaman_farm.discovery import FoundFarm, Search, find
from web import Web


class Responder:
    """Answers each datagram with some others; stands for the network's group."""

    def __init__(self, *answers):
        self.heard = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        self._answers = answers
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, sender = self._socket.recvfrom(9000)
            except OSError:
                return
            self.heard.append(question)
            for answer in self._answers:
                self._socket.sendto(answer, sender)

    def close(self):
        self._socket.close()


def ssdp(location):
    return f"HTTP/1.1 200 OK\r\nST: urn:flamenco:manager:0\r\nLocation: {location}\r\n\r\n".encode()


def name(*labels):
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def mdns_answer(port, service="shaman-farm"):
    """As responders write them: a pointer, and a record that names the service by pointing back at it."""
    kind = name(f"_{service}", "_tcp", "local")
    instance = bytes([4]) + b"Farm" + struct.pack("!H", 0xC000 | 12)
    pointer = kind + struct.pack("!2HIH", mdns.PTR, 1, 120, len(instance)) + instance
    target = struct.pack("!3H", 0, 0, port) + name("box", "local")
    place = 12 + len(kind) + 10
    record = struct.pack("!H", 0xC000 | place)
    record += struct.pack("!2HIH", mdns.SRV, 0x8001, 120, len(target)) + target
    return struct.pack("!6H", 0, 0x8400, 0, 1, 0, 1) + pointer + record


class Finding(unittest.TestCase):
    def setUp(self):
        self.web = Web()
        self.addCleanup(self.web.close)
        self.web.say("/api/v3/version", {"name": "Studio", "shortversion": "3.9", "version": "3.9"})

    def responder(self, *answers):
        responder = Responder(*answers)
        self.addCleanup(responder.close)
        return responder

    def find(self, ssdp_answers=(), mdns_answers=(), seconds=0.5):
        self.asked = self.responder(*ssdp_answers), self.responder(*mdns_answers)
        return find(Search(seconds, self.asked[0].address, self.asked[1].address))

    def test_asks_as_flamencos_workers_do_and_hears_a_manager(self):
        farms = self.find([ssdp(f"{self.web.url}/upnp/description.xml")])
        self.assertEqual(farms, [FoundFarm(self.web.url, "Studio")])
        self.assertIn(b"ST: urn:flamenco:manager:0\r\n", self.asked[0].heard[0])
        self.assertIn(b'MAN: "ssdp:discover"\r\n', self.asked[0].heard[0])

    def test_hears_a_manager_by_mdns_at_the_address_it_speaks_from(self):
        port = int(self.web.url.rsplit(":", 1)[1])
        farms = self.find(mdns_answers=[mdns_answer(port)])
        self.assertEqual(farms, [FoundFarm(self.web.url, "Studio")])

    def test_tells_a_farm_once_that_is_heard_twice(self):
        port = int(self.web.url.rsplit(":", 1)[1])
        self.assertEqual(len(self.find([ssdp(self.web.url + "/x")] * 3, [mdns_answer(port)])), 1)

    def test_leaves_out_what_is_no_manager(self):
        liar = Web()
        self.addCleanup(liar.close)
        liar.say("/api/v3/version", ["hello"])
        locations = ("file:///etc/passwd", "http://[", "http://", f"{liar.url}/x", "http://127.0.0.1:9/")
        self.assertEqual(self.find([ssdp(location) for location in locations]), [])

    def test_survives_whatever_is_sent(self):
        whole = mdns_answer(80)
        circle = struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + struct.pack("!H", 0xC00C) + b"\0" * 10
        pieces = [whole[:end] for end in range(len(whole))]
        broken = [b"", b"\xff" * 500, b"HTTP/1.1", b"HTTP/1.1 200\r\nlocation:\r\n", circle, *pieces]
        self.assertEqual(self.find(broken, broken), [])
        for answer in broken:
            self.assertEqual(mdns.services_in(answer, "shaman-farm", "x"), [])

    def test_hears_only_the_service_it_asked_for(self):
        self.assertEqual(mdns.services_in(mdns_answer(80, "printer"), "shaman-farm", "x"), [])
        self.assertEqual(mdns.services_in(mdns_answer(80), "shaman-farm", "x")[0].port, 80)

    def test_finds_nothing_where_multicast_goes_nowhere(self):
        self.assertEqual(find(Search(0.1, ("0.0.0.1", 1), ("0.0.0.1", 1))), [])


if __name__ == "__main__":
    unittest.main()
