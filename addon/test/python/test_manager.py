import time
import unittest

from shaman_farm.manager import Manager, ManagerError, clean_url
from web import Web


class CleanUrl(unittest.TestCase):
    def test_completes_what_an_artist_types(self):
        self.assertEqual(clean_url(" farm.local:8080/ "), "http://farm.local:8080")
        self.assertEqual(clean_url("https://farm/app/jobs"), "https://farm")
        self.assertEqual(clean_url("http://[::1]:8080"), "http://[::1]:8080")

    def test_refuses_what_is_no_address(self):
        for text in ("", "ftp://farm", "http://", "http://farm:port", "what is this", "http:// /"):
            with self.assertRaises(ManagerError, msg=text) as caught:
                clean_url(text)
            self.assertEqual(caught.exception.code, "MANAGER_ADDRESS")


class Calls(unittest.TestCase):
    def setUp(self):
        self.web = Web()
        self.addCleanup(self.web.close)
        self.manager = Manager(self.web.url, timeout=2.0)

    def test_reads_json_and_sends_the_token(self):
        self.web.say("/api/v3/version", {"name": "ü"})
        self.assertEqual(Manager(self.web.url, "secret").get("/version"), {"name": "ü"})
        self.assertEqual(self.web.calls[0][2]["Authorization"], "Bearer secret")

    def test_shows_the_token_to_no_other_host(self):
        other = Web()
        self.addCleanup(other.close)
        other.say("/there", {"from": "other"})
        self.web.say("/api/v3/near", {"from": "self"})
        for path, target in (("/api/v3/away", f"{other.url}/there"), ("/api/v3/here", "/api/v3/near")):
            self.web.say(path, b"", 302)
            self.web.redirects[path] = target
        manager = Manager(self.web.url, "secret")
        self.assertEqual(manager.get("/away"), {"from": "other"})
        self.assertNotIn("Authorization", other.calls[0][2])
        self.assertEqual(manager.get("/here"), {"from": "self"})
        self.assertEqual(self.web.calls[-1][2]["Authorization"], "Bearer secret")

    def test_posts_json(self):
        self.web.say("/api/v3/jobs/1/setstatus", b"", status=204)
        self.assertIsNone(self.manager.post("/jobs/1/setstatus", {"status": "paused"}))
        self.assertEqual(self.web.calls[0][3], b'{"status": "paused"}')

    def test_tells_the_farms_own_words(self):
        self.web.say("/api/v3/jobs", {"code": 400, "message": "no frames", "hint": "Name some"}, 400)
        with self.assertRaises(ManagerError) as caught:
            self.manager.get("/jobs")
        self.assertEqual(
            (caught.exception.message, caught.exception.hint, caught.exception.status),
            ("no frames", "Name some", 400),
        )

    def test_tells_a_refused_token_apart(self):
        self.web.say("/api/v3/jobs", b"", 403)
        with self.assertRaises(ManagerError) as caught:
            self.manager.get("/jobs")
        self.assertEqual(caught.exception.code, "MANAGER_NOT_ALLOWED")

    def test_knows_what_is_no_manager(self):
        self.web.say("/api/v3/version", b"<html>router login</html>")
        with self.assertRaises(ManagerError) as caught:
            self.manager.get("/version")
        self.assertEqual(caught.exception.code, "NOT_A_MANAGER")

    def test_does_not_wait_for_ever(self):
        self.web.say("/api/v3/version", {}, delay=20)
        started = time.monotonic()
        with self.assertRaises(ManagerError) as caught:
            Manager(self.web.url, timeout=0.3).get("/version")
        self.assertEqual(caught.exception.code, "MANAGER_SLOW")
        self.assertLess(time.monotonic() - started, 15)

    def test_says_that_nobody_is_there(self):
        with self.assertRaises(ManagerError) as caught:
            Manager("http://127.0.0.1:9").get("/version")
        self.assertEqual(caught.exception.code, "MANAGER_UNREACHABLE")


if __name__ == "__main__":
    unittest.main()
