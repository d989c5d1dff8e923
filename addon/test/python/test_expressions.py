import os
import tempfile
import types
import unittest
from pathlib import Path

from shaman_farm.expressions import ExpressionError, NeedsApproval, evaluate


def scene():
    render = types.SimpleNamespace(
        fps=24,
        fps_base=1.001,
        file_extension=".png",
        image_settings=types.SimpleNamespace(file_format="PNG", use_preview=False),
    )
    return types.SimpleNamespace(name="Scene", frame_start=1, frame_end=24, render=render)


NAMES = {
    "C": types.SimpleNamespace(scene=scene()),
    "jobname": "job",
    "settings": types.SimpleNamespace(render_output_root="/renders", add_path_components=1, n=3),
    "abspath": lambda path: Path(str(path)),
    "last_n_dir_parts": lambda count: Path("shots") if count else Path(),
}


class Reading(unittest.TestCase):
    def test_computes_what_job_types_ask_for(self):
        cases = {
            "f'{C.scene.frame_start}-{C.scene.frame_end}'": "1-24",
            "C.scene.render.fps / C.scene.render.fps_base": 24 / 1.001,
            "C.scene.render.image_settings.file_format": "PNG",
            "C.scene.render.image_settings.use_preview": False,
            "C.scene.name": "Scene",
            "str(Path(abspath(settings.render_output_root), "
            "last_n_dir_parts(settings.add_path_components), jobname, '{timestamp}', '######'))": str(
                Path("/renders/shots/job/{timestamp}/######")
            ),
            "str(Path('/a') / jobname)": str(Path("/a/job")),
            "max(1, settings.n // 2) if settings.n > 1 else 0": 1,
            "f'{settings.n:04d}'": "0003",
            "jobname.upper()[0:2]": "JO",
            "not (settings.n == 3 and jobname in ('job', 'x'))": False,
            "len(jobname) + -1": 2,
        }
        for expression, value in cases.items():
            self.assertEqual(evaluate(expression, NAMES), value, expression)

    def test_does_nothing_but_read_without_approval(self):
        target = Path(tempfile.mkdtemp()) / "written"
        dangerous = [
            f"open({str(target)!r}, 'w')",
            f"Path({str(target)!r}).write_text('x')",
            f"Path({str(target)!r}).touch()",
            f"__import__('os').mkdir({str(target)!r})",
            "bpy.ops.wm.quit_blender()",
            "C.__class__",
            "().__class__.__bases__[0].__subclasses__()",
            "''.format(C)",
            "'{0.__class__}'.format(C)",
            "[x for x in range(9)]",
            "(lambda: 1)()",
            "9 ** 9 ** 9",
            "'a' * 99999999999",
            "[0] * 99999999999",
            "'%999999999d' % 1",
            "Path.home()",
            "Path('/').rglob('*')",
            "exec('1')",
            "max(*[1, 2])",
            "C.scene.render.driver_namespace",
            "(x := 5)",
            "C.preferences.addons['farm'].preferences.token",
        ]
        for expression in dangerous:
            with self.assertRaises(NeedsApproval, msg=expression):
                evaluate(expression, {**NAMES, "bpy": types.SimpleNamespace(ops=None)})
        self.assertFalse(target.exists())

    def test_has_bounds(self):
        for expression in ("f'{settings.n:999999999}'", "'a' + 'b'" * 3000, "(" * 500 + "1" + ")" * 500):
            with self.assertRaises(ExpressionError, msg=expression[:40]):
                evaluate(expression, NAMES)

    def test_multiplies_no_texts_and_no_digits(self):
        grown = f"'a'.replace('a', {'b' * 300!r}).replace('b', {'c' * 300!r})"
        self.assertEqual(len(evaluate(grown, NAMES)), 90_000)
        for expression in (
            f"{grown}.replace('c', {'d' * 9!r})[0]",
            f"{grown}.join({'d' * 9!r})[0]",
            "'a'.zfill(300000000)[0]",
            "round(1, -3000000)",
        ):
            with self.assertRaisesRegex(ExpressionError, "too (long|many)", msg=expression[-40:]):
                evaluate(expression, NAMES)
        self.assertEqual(evaluate("[round(2.345, 1), round(2.6), '7'.zfill(3)]", NAMES), [2.3, 3, "007"])

    def test_says_what_is_wrong_with_an_expression(self):
        for expression in ("C.scene.nothing", "1 / 0", "f'{", "settings.n + 'a'"):
            with self.assertRaises(ExpressionError, msg=expression) as caught:
                evaluate(expression, NAMES)
            self.assertNotIsInstance(caught.exception, NeedsApproval)


class Approved(unittest.TestCase):
    def test_runs_any_expression(self):
        self.assertEqual(evaluate("sum(x * 2 for x in range(4))", NAMES, is_approved=True), 12)
        expression = "__import__('os').getpid()"
        self.assertEqual(evaluate(expression, NAMES, is_approved=True), os.getpid())

    def test_turns_a_failure_into_words(self):
        with self.assertRaisesRegex(ExpressionError, "NameError"):
            evaluate("[nope for _ in range(1)]", NAMES, is_approved=True)
