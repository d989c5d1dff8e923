import hashlib
import os
import tempfile
import unittest
from pathlib import Path

from shaman_farm.job_facts import fetch_all
from shaman_farm.manager import Manager, ManagerError
from shaman_farm.outputs import fetch_outputs, name_below, newest_image
from web import Web

FRAME = b"a frame"


def sha(content):
    return hashlib.sha256(content).hexdigest()


class WithFarm(unittest.TestCase):
    def setUp(self):
        self.web = Web()
        self.addCleanup(self.web.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.manager = Manager(self.web.url, timeout=5)


class WithOutputs(WithFarm):
    def offer(self, *files):
        answer = {"directory": "/renders/shot", "files": list(files)}
        for path in ("outputs", "outputs/store"):
            self.web.say(f"/api/v3/farm/jobs/j/{path}", answer)

    def stored(self, path, content, frame=None):
        blob = {"path": path, "sha": sha(content), "size": len(content)}
        self.web.say(f"/api/v3/shaman/x/blobs/{blob['sha']}/{blob['size']}", content)
        return blob if frame is None else {**blob, "frame": frame}


class Outputs(WithOutputs):
    def fetch(self, is_canceled=lambda: False):
        return fetch_outputs(self.manager, "j", self.folder, lambda *_: None, is_canceled)

    def test_are_fetched_once_into_the_jobs_own_folders(self):
        self.offer(
            self.stored("/renders/shot/a/000001.png", FRAME, 1),
            self.stored("/renders/shot/film.mp4", b"a film"),
        )
        self.assertEqual(self.fetch().files, 2)
        self.assertEqual((self.folder / "a/000001.png").read_bytes(), FRAME)
        self.assertEqual((self.folder / "film.mp4").read_bytes(), b"a film")
        again = self.fetch()
        self.assertEqual((again.files, again.already_there), (0, 2))

    def test_that_were_changed_here_are_fetched_again(self):
        self.offer(self.stored("/renders/shot/1.png", FRAME, 1))
        self.fetch()
        (self.folder / "1.png").write_bytes(b"A FRAME")
        self.assertEqual(self.fetch().files, 1)
        self.assertEqual((self.folder / "1.png").read_bytes(), FRAME)

    def test_that_arrive_damaged_are_not_kept(self):
        self.offer(self.stored("/renders/shot/1.png", FRAME, 1))
        self.web.say(f"/api/v3/shaman/x/blobs/{sha(FRAME)}/{len(FRAME)}", b"a frAme")
        with self.assertRaises(ManagerError) as caught:
            self.fetch()
        self.assertEqual(caught.exception.code, "OUTPUT_DAMAGED")
        self.assertEqual(os.listdir(self.folder), [])

    def test_stop_when_asked_to(self):
        self.offer(self.stored("/renders/shot/1.png", FRAME, 1))
        with self.assertRaises(ManagerError) as caught:
            self.fetch(lambda: True)
        self.assertEqual(caught.exception.code, "CANCELED")

    def test_that_nobody_has_made_are_told(self):
        self.offer()
        with self.assertRaises(ManagerError) as caught:
            self.fetch()
        self.assertEqual(caught.exception.code, "NO_OUTPUTS")

    def test_cannot_lead_out_of_the_folder(self):
        cases = {
            ("/renders/shot", "/renders/shot/a/1.png"): "a/1.png",
            ("/renders/shot", "/etc/passwd"): "passwd",
            ("/renders/shot", "/renders/shot/../../x"): "x",
            ("/renders/shot", "/renders/shot/.."): "output",
            ("/renders/shot", "/renders/shot/a:b"): "a_b",
            ("/renders/shot", "/renders/shot/.\\..\\..\\x"): ".._.._x",
            ("C:\\r", "C:\\r\\a\\1.png"): "a/1.png",
            ("C:\\r", "D:\\x\\1.png"): "1.png",
            ("", "/x/1.png"): "1.png",
        }
        for (root, path), name in cases.items():
            with self.subTest(path=path):
                found = name_below(root, path)
                self.assertNotIn("..", found.split("/"))
                self.assertFalse(found.startswith("/") or ":" in found or "\\" in found)
                if "\\..\\" not in path:
                    self.assertEqual(found, name)

    def test_a_folder_that_cannot_be_written_is_named(self):
        self.offer(self.stored("/renders/shot/1.png", FRAME, 1))
        (self.folder / "file").write_text("")
        with self.assertRaises(ManagerError) as caught:
            fetch_outputs(
                self.manager, "j", self.folder / "file" / "below", lambda *_: None, lambda: False
            )
        self.assertEqual(caught.exception.code, "FOLDER_UNWRITABLE")


class NewestImage(WithOutputs):
    def preview(self):
        self.web.say("/api/v3/jobs/j/last-rendered", {"base": "/job-files/j", "suffixes": ["big.jpg"]})
        self.web.say("/job-files/j/big.jpg", b"a preview")

    def test_is_the_file_itself_where_it_can_be_read(self):
        near = self.folder / "000002.png"
        near.write_bytes(FRAME)
        self.offer(self.stored("/renders/shot/1.png", b"1", 1), {"path": str(near), "frame": 2})
        self.assertEqual(newest_image(self.manager, "j", self.folder), near)

    def test_comes_out_of_the_store_where_it_cannot(self):
        self.offer(
            self.stored("/renders/shot/1.png", b"1", 1),
            self.stored("/renders/shot/2.png", FRAME, 2),
            self.stored("/renders/shot/film.mp4", b"a film"),
        )
        found = newest_image(self.manager, "j", self.folder)
        self.assertEqual((found.name, found.read_bytes()), ("j-2.png", FRAME))

    def test_is_the_preview_where_the_farm_has_no_more(self):
        self.preview()
        self.assertEqual(newest_image(self.manager, "j", self.folder).read_bytes(), b"a preview")

    def test_may_be_none(self):
        self.web.say("/api/v3/jobs/j/last-rendered", b"", 204)
        with self.assertRaises(ManagerError) as caught:
            newest_image(self.manager, "j", self.folder)
        self.assertEqual(caught.exception.code, "NO_IMAGE")


class Facts(WithFarm):
    def test_of_a_flamenco_manager_lack_the_time_left_only(self):
        self.web.say("/api/v3/jobs/1", {"status": "active", "name": "n", "steps_total": 4})
        self.web.say("/api/v3/jobs/1/last-rendered", b"", 204)
        [facts] = fetch_all([(self.manager, "1", "")], self.folder)
        self.assertEqual((facts.status, facts.steps_total, facts.eta_seconds), ("active", 4, 0))

    def test_of_a_job_that_is_gone_say_so(self):
        [facts] = fetch_all([(self.manager, "1", "")], self.folder)
        self.assertEqual(facts.status, "deleted")

    def test_a_silent_farm_is_asked_once_and_does_not_hide_another(self):
        silent = Manager("http://127.0.0.1:9", timeout=5)
        self.web.say("/api/v3/jobs/3", {"status": "paused"})
        self.web.say("/api/v3/jobs/3/last-rendered", b"", 204)
        questions = [(silent, "1", ""), (silent, "2", ""), (self.manager, "3", "")]
        first, second, third = fetch_all(questions, self.folder)
        self.assertEqual(first.code, "MANAGER_UNREACHABLE")
        self.assertIs(first, second)
        self.assertEqual(third.status, "paused")

    def test_an_image_that_is_here_is_not_fetched_again(self):
        self.web.say("/api/v3/jobs/1", {"status": "active", "steps_completed": 2})
        self.web.say("/api/v3/jobs/1/last-rendered", {"base": "/b", "suffixes": ["x-tiny.jpg", "../../y"]})
        self.web.say("/b/x-tiny.jpg", b"small")
        [facts] = fetch_all([(self.manager, "1", "")], self.folder)
        self.assertEqual(Path(facts.image).read_bytes(), b"small")
        [again] = fetch_all([(self.manager, "1", facts.image_key)], self.folder)
        self.assertEqual(again.image, "")
        self.assertEqual(sum(call[1] == "/b/x-tiny.jpg" for call in self.web.calls), 1)


if __name__ == "__main__":
    unittest.main()
