"""Saves a scene that needs many files: a few hundred images, and image sequences.

blender -b --factory-startup --python many-files.py -- FILE.blend COUNT
"""
import os
import sys

import bpy

SINGLE, FRAMES = 400, 100
path, count = sys.argv[-2], int(sys.argv[-1])
folder = os.path.join(os.path.dirname(path), "tex")
os.makedirs(folder, exist_ok=True)


def image(name, source):
    made = bpy.data.images.new(name, 1, 1)
    made.source = source
    made.filepath = f"//tex/{name}"
    made.use_fake_user = True


def write(name):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(name.encode())


single = min(SINGLE, count)
for number in range(single):
    write(f"single_{number:05d}_a.png")
    image(f"single_{number:05d}_a.png", "FILE")
for start in range(single, count, FRAMES):
    for frame in range(min(FRAMES, count - start)):
        write(f"sequence_{start}_{frame + 1:04d}.png")
    image(f"sequence_{start}_0001.png", "SEQUENCE")
bpy.ops.wm.save_as_mainfile(filepath=path, compress=False, relative_remap=False)
