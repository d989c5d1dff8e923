# Renders 64 pixels on every device Blender can use and prints one JSON line: shaman-farm: devices [...]
import json
import time

import bpy


def make_scene():
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.resolution_percentage = 100
    return scene


def render(scene, device):
    scene.cycles.device = device
    started = time.time()
    bpy.ops.render.render()
    return int((time.time() - started) * 1000)


def attempt(scene, kind, name, device):
    try:
        return {"kind": kind, "name": name, "ms": render(scene, device)}
    except Exception as error:
        return {"kind": kind, "name": name, "error": str(error)[:200]}


scene = make_scene()
found = [attempt(scene, "CPU", "CPU", "CPU")]
try:
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for kind in ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"):
        try:
            preferences.compute_device_type = kind
        except TypeError:
            continue  # this build or machine has none of that kind
        preferences.get_devices()
        for chosen in [d for d in preferences.devices if d.type == kind]:
            for device in preferences.devices:
                device.use = device == chosen
            found.append(attempt(scene, kind, chosen.name, "GPU"))
except Exception as error:
    found.append({"kind": "GPU", "name": "?", "error": str(error)[:200]})
print("shaman-farm: devices " + json.dumps(found), flush=True)
