import unittest

from shaman_farm.job_types import as_text, parse_job_type, parse_job_types


class Parsing(unittest.TestCase):
    def test_reads_a_setting_as_flamenco_lists_it(self):
        answer = {
            "job_types": [
                {
                    "name": "t",
                    "label": "T",
                    "etag": "e",
                    "settings": [
                        {
                            "key": "frames",
                            "type": "string",
                            "eval": "1",
                            "evalInfo": {"showLinkButton": True, "description": "d"},
                        },
                        {"key": "n", "type": "int32", "propargs": {"min": 1}, "visible": "hidden"},
                        {"key": "r", "type": "string", "editable": False, "required": True},
                        {"key": "odd", "type": "matrix"},
                        "junk",
                    ],
                },
                {"label": "nameless"},
                None,
            ]
        }
        (job_type,) = parse_job_types(answer)
        self.assertEqual([setting.key for setting in job_type.settings], ["frames", "n", "r"])
        frames, number, read_only = job_type.settings
        self.assertTrue(frames.is_linkable and frames.is_shown and frames.is_editable)
        self.assertEqual((number.limits, number.is_shown), ({"min": 1}, False))
        self.assertEqual((read_only.is_editable, read_only.is_required), (False, True))

    def test_names_expressions_by_what_they_say(self):
        def digest(etag, expression):
            setting = {"key": "k", "type": "string", "eval": expression}
            return parse_job_type({"name": "t", "etag": etag, "settings": [setting]}).expressions_digest

        self.assertEqual(digest("e1", "1"), digest("e2", "1"))
        self.assertNotEqual(digest("e1", "1"), digest("e1", "2"))

    def test_takes_nonsense_for_nothing(self):
        for answer in (None, [], {}, {"job_types": None}, "x"):
            self.assertEqual(parse_job_types(answer), [])

    def test_writes_values_as_the_pack_tool_reads_them(self):
        self.assertEqual([as_text(v) for v in (True, False, 3, 0.1, "ü")], ["true", "false", "3", "0.1", "ü"])
