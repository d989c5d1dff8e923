"""Opens a .blend, renders its first frame, and prints what it saw.

blender -b FILE --python render.py -- OUT.png
RESULT {"pixels": "<sha1>", "shades": <different values>, "paths": [absolute paths that Blender lists],
        "inputs": {"<object>": "<path that a modifier puts into geometry nodes>"}}
"""
import hashlib
import json
import os
import sys

import bpy

scene = bpy.context.scene
scene.frame_set(scene.frame_start)
scene.render.filepath = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
scene.render.use_sequencer = False
scene.render.use_multiview = False
scene.render.image_settings.file_format = "PNG"
scene.render.use_file_extension = False
bpy.ops.render.render(write_still=True)
paths = sorted({os.path.normpath(each) for each in bpy.utils.blend_paths(absolute=True) if each})
shown = bytes(round(v * 255) for v in bpy.data.images.load(scene.render.filepath).pixels)
inputs = {
    each.name: bpy.path.abspath(modifier["Socket_1"])
    for each in bpy.data.objects
    for modifier in each.modifiers
    if modifier.type == "NODES" and isinstance(modifier.get("Socket_1"), str)
}
result = {"pixels": hashlib.sha1(shown).hexdigest(), "shades": len(set(shown)), "paths": paths, "inputs": inputs}
print("RESULT " + json.dumps(result))
