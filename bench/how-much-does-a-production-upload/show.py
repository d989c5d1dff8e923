"""A small show, and what artists do to it between submissions.

blender -b --factory-startup --python show.py -- make ROOT SCALE
blender -b --factory-startup --python show.py -- edit KIND FILE SEED [TARGET]
"""

import sys
from array import array
from pathlib import Path
from random import Random

import bpy

SEQUENCES = 5
TEXTURES = 12


def make(root: Path, scale: float) -> None:
    (root / ".blender_project").mkdir(parents=True, exist_ok=True)
    textures = [make_texture(root / "textures" / f"surface_{i:02}.png", i, int(384 * scale)) for i in range(TEXTURES)]
    props = make_library(root / "lib" / "props.blend", textures[:6], int(20000 * scale), seed=1)
    characters = make_library(root / "lib" / "characters.blend", textures[6:], int(60000 * scale), seed=2)
    for number in range(1, SEQUENCES + 1):
        shot = root / f"seq{number:02}" / "sh010" / f"seq{number:02}_sh010_v001.blend"
        make_shot(shot, [props, characters], int(40000 * scale), seed=10 + number)


def make_texture(path: Path, seed: int, side: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = bpy.data.images.new(path.stem, side, side)
    image.pixels.foreach_set(noise(Random(seed), side * side * 4))
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)
    return path


def noise(random: Random, count: int, scale: float = 1.0) -> array:
    return array("f", (byte * scale / 255 for byte in random.randbytes(count)))


def make_library(path: Path, textures, vertices: int, seed: int) -> Path:
    start(path)
    for i, texture in enumerate(textures):
        thing = add_mesh(f"{path.stem} {i}", vertices // len(textures), seed * 100 + i)
        thing.data.materials.append(textured(texture))
    finish(path)
    return path


def make_shot(path: Path, libraries, vertices: int, seed: int) -> None:
    start(path)
    for library in libraries:
        with bpy.data.libraries.load(str(library), link=True, relative=True) as (source, target):
            target.objects = list(source.objects)
        for thing in target.objects:
            bpy.context.scene.collection.objects.link(thing)
    add_mesh("set dressing", vertices, seed)
    for i in range(40):
        animate(bpy.data.objects.new(f"control {i}", None), seed * 1000 + i)
    bpy.context.scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.collection.objects.link(bpy.context.scene.camera)
    finish(path)


def edit(kind: str, file: Path, seed: int, target: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(file))
    bpy.context.preferences.filepaths.save_version = 0
    edits[kind](Random(seed), seed)
    bpy.ops.wm.save_as_mainfile(filepath=str(target), relative_remap=True)


def save_only(random, seed):
    """What a change of frame or an autosave amounts to."""


def move(random, seed):
    names = sorted(o.name for o in bpy.data.objects if not o.library)
    bpy.data.objects[random.choice(names)].location = place(random)


def sculpt(random, seed):
    mesh = local_mesh()
    flat = positions(mesh)
    size = max(3, len(flat) // 100)
    first = random.randrange(len(flat) - size)
    for i, bump in enumerate(noise(random, size, 0.01)):
        flat[first + i] += bump
    mesh.vertices.foreach_set("co", flat)


def add(random, seed):
    add_mesh(f"added {seed}", 4000, seed)


def retime(random, seed):
    controls = [o for o in bpy.data.objects if o.animation_data and not o.library]
    for thing in controls[: max(1, len(controls) // 8)]:
        thing.location = place(random)
        thing.keyframe_insert("location", frame=random.randint(1, 100))


edits = {"save": save_only, "move": move, "sculpt": sculpt, "add": add, "retime": retime}


def start(path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def finish(path: Path) -> None:
    for image in bpy.data.images:
        if not image.library and image.filepath:
            image.filepath = bpy.path.relpath(image.filepath)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), relative_remap=True)


def add_mesh(name: str, vertices: int, seed: int):
    """A grid with bumps: floats as hard to compress as a scan's."""
    side = max(2, int(vertices**0.5))
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=side, y_subdivisions=side, size=4)
    thing = bpy.context.active_object
    thing.name = name
    flat = positions(thing.data)
    for i, bump in enumerate(noise(Random(seed), len(flat), 0.02)):
        flat[i] += bump
    thing.data.vertices.foreach_set("co", flat)
    return thing


def animate(thing, seed: int) -> None:
    bpy.context.scene.collection.objects.link(thing)
    random = Random(seed)
    for frame in range(1, 101, 10):
        thing.location = place(random)
        thing.keyframe_insert("location", frame=frame)


def textured(picture: Path):
    material = bpy.data.materials.new(picture.stem)
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(picture))
    return material


def positions(mesh) -> array:
    flat = array("f", bytes(4 * 3 * len(mesh.vertices)))
    mesh.vertices.foreach_get("co", flat)
    return flat


def place(random: Random):
    return (random.random(), random.random(), random.random())


def local_mesh():
    meshes = [m for m in bpy.data.meshes if not m.library]
    return max(meshes, key=lambda m: len(m.vertices))


arguments = sys.argv[sys.argv.index("--") + 1 :]
if arguments[0] == "make":
    make(Path(arguments[1]), float(arguments[2]))
elif arguments[0] == "edit":
    source = Path(arguments[2])
    edit(arguments[1], source, int(arguments[3]), Path(arguments[4]) if len(arguments) > 4 else source)
