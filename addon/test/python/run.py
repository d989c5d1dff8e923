"""Runs the tests beside this file in Blender's own Python: blender -b --python run.py"""

import sys
import types
import unittest
from pathlib import Path

here = Path(__file__).parent

# The modules that know nothing of Blender are imported without the add-on's own start.
package = types.ModuleType("shaman_farm")
package.__path__ = [str(here.parent.parent / "shaman_farm")]
sys.modules["shaman_farm"] = package
sys.path.insert(0, str(here))
sys.dont_write_bytecode = True

from shaman_farm import broken_pipes  # noqa: E402 - only found once the package is there

broken_pipes.ignore()
suite = unittest.TestLoader().discover(str(here))
result = unittest.TextTestRunner(verbosity=2).run(suite)
print(f"RAN {result.testsRun}", flush=True)
sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
