import json
import os
import signal
import sys
import time
import unittest

from shaman_farm.pack_bridge import PackProcess


def tool(code, env=None):
    return PackProcess([sys.executable, "-I", "-c", code], env)


def tell(**event):
    return f"print({json.dumps(json.dumps(event))}, flush=True)\n"


class Bridge(unittest.TestCase):
    def test_passes_events_on_and_ends_with_the_exit(self):
        process = tool(tell(event="hash", files_done=1) + tell(event="submitted", job={"id": "ü"}))
        events = list(process.wait_for_events())
        self.assertEqual([event["event"] for event in events], ["hash", "submitted", "exit"])
        self.assertEqual(events[1]["job"]["id"], "ü")
        self.assertEqual(events[2]["code"], 0)

    def test_leaves_out_what_is_no_event(self):
        process = tool("print('hello'); print('[1]'); print('{\"v\": 1}'); print('{')\n" + tell(event="trace"))
        self.assertEqual([e["event"] for e in process.wait_for_events()], ["trace", "exit"])

    def test_never_waits_while_the_tool_is_silent(self):
        process = tool("import time; time.sleep(30)")
        started = time.monotonic()
        self.assertEqual(process.take_events(), [])
        self.assertLess(time.monotonic() - started, 5)
        self.assertTrue(process.is_running)
        process.cancel()
        list(process.wait_for_events())

    def test_tells_a_crash_with_the_last_words(self):
        process = tool("import sys; sys.exit('the disk is on fire')")
        events = list(process.wait_for_events())
        self.assertEqual(events[0]["code"], "PACK_TOOL_FAILED")
        self.assertIn("the disk is on fire", events[0]["message"])

    def test_does_not_tell_an_error_twice(self):
        process = tool(tell(event="error", code="X", message="y") + "raise SystemExit(1)")
        self.assertEqual([e["event"] for e in process.wait_for_events()], ["error", "exit"])

    def test_cancels(self):
        process = tool(tell(event="trace") + "import time; time.sleep(60)")
        events = process.wait_for_events()
        self.assertEqual(next(events)["event"], "trace")
        process.cancel()
        rest = list(events)
        self.assertEqual([event["event"] for event in rest], ["error", "exit"])
        self.assertEqual(rest[0]["code"], "CANCELED")

    @unittest.skipIf(os.name == "nt", "signals")
    def test_kills_a_tool_that_does_not_stop(self):
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        process = tool(code + tell(event="trace") + "time.sleep(60)")
        events = process.wait_for_events()
        next(events)
        process.cancel()
        self.assertEqual(list(events)[-1]["code"], -signal.SIGKILL)

    def test_answers_the_report(self):
        process = tool("import json; print(json.dumps({'event': 'submitted', 'said': input()}), flush=True)")
        process.answer("send")
        events = list(process.wait_for_events())
        self.assertEqual(events[0]["said"], "send")

    def test_answering_a_tool_that_has_ended_does_no_harm(self):
        process = tool("")
        list(process.wait_for_events())
        process.answer("send")

    def test_a_flood_of_complaints_does_not_stop_the_tool(self):
        code = "import sys\nfor i in range(5000): sys.stderr.write('x' * 100 + '\\n')\n"
        quiet, sys.stderr = sys.stderr, open(os.devnull, "w")
        self.addCleanup(lambda: setattr(sys, "stderr", quiet))
        process = tool(code + tell(event="submitted"))
        self.assertEqual([e["event"] for e in process.wait_for_events()], ["submitted", "exit"])

    def test_passes_the_token_in_the_environment(self):
        code = "import json, os; print(json.dumps({'event': 'submitted', 'token': os.environ['FARM_TOKEN']}))"
        process = tool(code, {"FARM_TOKEN": "secret"})
        self.assertEqual(next(process.wait_for_events())["token"], "secret")
