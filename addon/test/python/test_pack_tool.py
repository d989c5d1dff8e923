import hashlib
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from shaman_farm.manager import Manager, ManagerError
from shaman_farm.pack_tool import ToolChoice, local_tool, platform_name, prepare, understands
from web import Web

NODE = b"#!/bin/sh\necho ran $1\n"
SCRIPT = b"the script"


def sha(content):
    return hashlib.sha256(content).hexdigest()


class FromTheFarm(unittest.TestCase):
    def setUp(self):
        self.web = Web()
        self.addCleanup(self.web.close)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.manager = Manager(self.web.url, timeout=5)
        self.choice = ToolChoice(folder=self.folder.name)
        self.offer = {
            "version": "0.1.0",
            "command": ["node", "pack.mjs"],
            "files": [
                {"name": "node", "sha": sha(NODE), "size": len(NODE), "executable": True},
                {"name": "pack.mjs", "sha": sha(SCRIPT), "size": len(SCRIPT)},
            ],
        }
        self.say()

    def say(self):
        self.web.say(f"/api/v3/farm/pack-tool?platform={platform_name()}", self.offer)
        for content in (NODE, SCRIPT):
            self.web.say(f"/api/v3/farm/pack-tool/files/{sha(content)}", content)

    def downloads(self):
        return [call[1] for call in self.web.calls if "/files/" in call[1]]

    @unittest.skipIf(os.name == "nt", "a shell script stands for Node")
    def test_is_fetched_once_and_runs(self):
        seen = []
        command = prepare(self.choice, self.manager, lambda done, total: seen.append((done, total)))
        self.assertEqual(subprocess.check_output(command).decode().split()[0], "ran")
        self.assertEqual(seen[-1], (len(NODE) + len(SCRIPT),) * 2)
        prepare(self.choice, self.manager)
        self.assertEqual(len(self.downloads()), 2)

    def test_is_fetched_again_when_it_was_changed_on_disk(self):
        command = prepare(self.choice, self.manager)
        Path(command[1]).write_bytes(b"THE SCRIPT")
        prepare(self.choice, self.manager)
        self.assertEqual(Path(command[1]).read_bytes(), SCRIPT)

    @unittest.skipIf(os.name == "nt", "Windows knows programs by their names")
    def test_is_fetched_again_when_it_cannot_be_run_any_more(self):
        command = prepare(self.choice, self.manager)
        os.chmod(command[0], 0o600)
        prepare(self.choice, self.manager)
        self.assertTrue(os.access(command[0], os.X_OK))

    def test_is_not_kept_beyond_the_size_that_it_was_offered_with(self):
        self.offer["files"][0]["size"] -= 1
        self.say()
        with self.assertRaises(ManagerError) as caught:
            prepare(self.choice, self.manager)
        self.assertEqual(caught.exception.code, "PACK_TOOL_BROKEN")
        self.assertEqual([path for path in Path(self.folder.name).rglob("*") if path.is_file()], [])

    def test_makes_room_for_itself_by_the_tools_not_used_for_the_longest_time(self):
        versions = ["1", "2", "3", "1", "4"]
        for at, version in enumerate(versions):
            self.offer["version"] = version
            self.say()
            command = prepare(self.choice, self.manager)
            os.utime(Path(command[0]).parent, (at, at))
        left = {path.name for path in Path(self.folder.name).iterdir()}
        self.assertEqual(left, {"1", "3", "4"})

    def test_is_refused_when_it_arrives_damaged(self):
        self.web.say(f"/api/v3/farm/pack-tool/files/{sha(SCRIPT)}", b"the scripT")
        with self.assertRaises(ManagerError) as caught:
            prepare(self.choice, self.manager)
        self.assertEqual(caught.exception.code, "PACK_TOOL_BROKEN")
        left = [path.name for path in Path(self.folder.name).rglob("*") if path.is_file()]
        self.assertEqual(left, ["node"])

    def test_cannot_lead_out_of_its_folder(self):
        for name in ("../evil", "/tmp/evil", "a\\b", "..", "c:evil", ""):
            self.offer["files"][0]["name"] = name
            self.say()
            with self.assertRaises(ManagerError, msg=name) as caught:
                prepare(self.choice, self.manager)
            self.assertEqual(caught.exception.code, "PACK_TOOL_BROKEN")
        self.offer["version"] = "../../x"
        self.say()
        with self.assertRaises(ManagerError):
            prepare(self.choice, self.manager)

    def test_says_when_the_farm_has_none(self):
        self.web.answers.clear()
        with self.assertRaises(ManagerError) as caught:
            prepare(self.choice, self.manager)
        self.assertEqual(caught.exception.code, "NO_PACK_TOOL")


class Help(unittest.TestCase):
    def test_tells_which_options_a_tool_has_and_is_asked_once(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        code = f"open(r'{folder.name}/asked', 'a').write('x'); print('  --listed <file>  what Blender lists')"
        command = [sys.executable, "-I", "-c", code]
        self.assertTrue(understands(command, "submit", "--listed"))
        self.assertFalse(understands(command, "submit", "--list"))
        self.assertEqual(Path(folder.name, "asked").read_text(), "x")

    def test_of_a_tool_that_is_not_there_is_silent(self):
        self.assertFalse(understands(["/no/such/tool"], "submit", "--listed"))


class OfThisMachine(unittest.TestCase):
    def test_may_be_a_line_of_words(self):
        choice = local_tool("nonsense", [sys.executable, "farm.mjs"])
        self.assertEqual(prepare(choice, Manager("http://nowhere")), [sys.executable, "farm.mjs"])

    def test_has_to_exist(self):
        with self.assertRaises(ManagerError) as caught:
            local_tool("/no/such/farm", ["/no/such/farm"])
        self.assertEqual(caught.exception.code, "NO_PACK_TOOL")
