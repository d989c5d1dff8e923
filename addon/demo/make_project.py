"""Makes the demo project: blender -b --factory-startup --python make_project.py -- FOLDER

A shot that links a library in another folder, which itself uses textures; an image sequence, a movie, a sound, and
names with spaces and letters beyond ASCII. Cycles, one sample, no denoiser: a frame takes a blink.
"""

import math
import struct
import subprocess
import sys
import wave
from pathlib import Path

import bpy

FRAMES = 6
WIDTH, HEIGHT = 256, 144
PLATE_FRAMES = 6


def main(root: Path) -> None:
    (root / ".blender_project").mkdir(parents=True, exist_ok=True)
    textures = make_textures(root / "assets" / "textures")
    library = root / "assets" / "props" / "Bühnenbild 道具.blend"
    make_library(library, textures)
    plates = make_plates(root / "plates")
    movie = make_movie(root / "footage" / "laufende uhr.mp4")
    sound = make_sound(root / "audio" / "glöckchen.wav")
    make_shot(root / "shots" / "sh 010" / "main scène.blend", library, plates, movie, sound)


def make_textures(folder: Path) -> dict:
    """Two pictures of a size that is worth not sending twice."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"wood": folder / "holz ü.png", "tiles": folder / "tiles.png"}
    save_picture(paths["wood"], 384, 384, wood)
    save_picture(paths["tiles"], 256, 256, tiles)
    return paths


def wood(x, y):
    ring = 0.5 + 0.5 * math.sin(40 * math.hypot(x - 0.3, (y - 0.5) * 0.35) + 3 * math.sin(9 * y))
    grain = ((math.sin(x * 1271.3 + y * 9371.7) * 43758.5) % 1.0) * 0.08
    return (0.42 + 0.30 * ring + grain, 0.24 + 0.17 * ring + grain, 0.10 + 0.08 * ring)


def tiles(x, y):
    dark = (int(x * 8) + int(y * 8)) % 2
    speck = ((math.sin(x * 731.1 + y * 3571.3) * 23421.6) % 1.0) * 0.06
    return (0.10 + speck, 0.32 + speck, 0.42 + speck) if dark else (0.75 + speck, 0.82 + speck, 0.80 + speck)


def save_picture(path: Path, width: int, height: int, colour) -> None:
    image = bpy.data.images.new(path.stem, width, height)
    pixels = []
    for row in range(height):
        for column in range(width):
            pixels.extend((*colour(column / width, row / height), 1.0))
    image.pixels.foreach_set(pixels)
    image.filepath_raw = str(path)
    image.file_format = "PNG"
    image.save()
    bpy.data.images.remove(image)


def make_plates(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(1, PLATE_FRAMES + 1):

        def sky(x, y, shift=frame / PLATE_FRAMES):
            band = 0.5 + 0.5 * math.sin(6.3 * (x + shift))
            return (0.15 + 0.35 * y, 0.25 + 0.35 * y, 0.55 + 0.25 * y * band)

        save_picture(folder / f"himmel_{frame:04d}.png", 160, 90, sky)
    return folder / "himmel_0001.png"


def make_movie(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = f"testsrc2=size=128x72:rate=24:duration={FRAMES / 24:.3f}"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True, timeout=120)
    return path


def make_sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = 22050
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        for i in range(rate // 2):
            level = 12000 * math.sin(2 * math.pi * 880 * i / rate) * math.exp(-6 * i / rate)
            out.writeframes(struct.pack("<h", int(level)))
    return path


def make_library(path: Path, textures: dict) -> None:
    start_empty()
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    props = bpy.data.collections.new("Bühne")
    bpy.context.scene.collection.children.link(props)
    add(props, "floor", bpy.ops.mesh.primitive_plane_add, {"size": 14}, textured("floor", textures["tiles"]))
    wood_material = textured("wood", textures["wood"])
    for i, x in enumerate((-2.2, 0, 2.2)):
        location = (x, 0.4 * i, 0.8)
        add(props, f"block {i}", bpy.ops.mesh.primitive_cube_add, {"size": 1.6, "location": location}, wood_material)
    save(path)


def make_shot(path: Path, library: Path, plates: Path, movie: Path, sound: Path) -> None:
    start_empty()
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    with bpy.data.libraries.load(str(library), link=True, relative=True) as (source, target):
        target.collections = list(source.collections)
    stage = bpy.data.objects.new("Bühne", None)
    stage.instance_type = "COLLECTION"
    stage.instance_collection = bpy.data.collections["Bühne"]
    scene = bpy.context.scene
    scene.collection.objects.link(stage)
    screen(scene, "himmel", plates, "SEQUENCE", (0, 4.5, 2.4), 8)
    screen(scene, "uhr", movie, "MOVIE", (3.6, 1.5, 1.2), 2)
    spinning_top(scene)
    scene.sequence_editor_create().sequences.new_sound("glöckchen", str(sound), channel=1, frame_start=1)
    camera_and_light(scene)
    render_settings(scene)
    save(path)


def start_empty() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0


def save(path: Path) -> None:
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def add(collection, name, operator, arguments, material):
    operator(**arguments)
    thing = bpy.context.active_object
    thing.name = name
    thing.data.materials.append(material)
    for owner in list(thing.users_collection):
        owner.objects.unlink(thing)
    collection.objects.link(thing)
    return thing


def textured(name: str, picture: Path):
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    image = nodes.new("ShaderNodeTexImage")
    image.image = bpy.data.images.load(str(picture))
    links.new(image.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return material


def screen(scene, name, picture: Path, source: str, location, width):
    """A plane that glows with footage, so that a missing file is seen at once."""
    bpy.ops.mesh.primitive_plane_add(size=1, location=location, rotation=(math.radians(90), 0, 0))
    plane = bpy.context.active_object
    plane.name = name
    plane.scale = (width, width * 9 / 16, 1)
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    glow = nodes.new("ShaderNodeEmission")
    image = nodes.new("ShaderNodeTexImage")
    image.image = bpy.data.images.load(str(picture))
    image.image.source = source
    image.image_user.frame_duration = FRAMES
    image.image_user.use_auto_refresh = True
    links.new(image.outputs["Color"], glow.inputs["Color"])
    links.new(glow.outputs["Emission"], nodes["Material Output"].inputs["Surface"])
    plane.data.materials.append(material)


def spinning_top(scene):
    bpy.ops.mesh.primitive_torus_add(location=(0, -1.6, 0.7), major_radius=0.55, minor_radius=0.2)
    top = bpy.context.active_object
    top.name = "Kreisel"
    material = bpy.data.materials.new("Kreisel")
    material.use_nodes = True
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.85, 0.28, 0.08, 1)
    top.data.materials.append(material)
    for frame, turn in ((1, 0), (FRAMES, 300)):
        top.rotation_euler = (math.radians(60), 0, math.radians(turn))
        top.keyframe_insert("rotation_euler", frame=frame)


def camera_and_light(scene):
    bpy.ops.object.camera_add(location=(0, -8.5, 3.4), rotation=(math.radians(74), 0, 0))
    scene.camera = bpy.context.active_object
    scene.camera.data.lens = 32
    bpy.ops.object.light_add(type="SUN", location=(4, -4, 8), rotation=(math.radians(40), math.radians(25), 0))
    bpy.context.active_object.data.energy = 3
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.6, 0.75, 1)
    scene.world = world


def render_settings(scene):
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.fps = 24


main(Path(sys.argv[sys.argv.index("--") + 1]))
