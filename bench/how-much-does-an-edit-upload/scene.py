"""Makes a scene, or edits one, in a fresh Blender:

    blender -b --factory-startup -P scene.py -- make SIZE_MIB OUT.blend
    blender -b --factory-startup IN.blend -P scene.py -- EDIT OUT.blend [compressed]

What it makes depends only on its arguments, so that a table can be made again.
"""

import array
import functools
import operator
import os
import random
import sys
import tempfile

import bpy

EMPTIES_PER_MIB = 1.5
MESHES = 24
TEXTURES = 6
TEXTURE_SHARE = 0.1
# A vertex of a grid with its edges, corners and one UV map.
BYTES_PER_VERTEX = 97.0


def main() -> None:
    arguments = sys.argv[sys.argv.index("--") + 1 :]
    if arguments[0] == "make":
        make(int(arguments[1]))
        save(arguments[2], is_compressed=False)
        return
    EDITS[arguments[0]]()
    save(arguments[1], is_compressed="compressed" in arguments[2:])


def save(path: str, is_compressed: bool) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=is_compressed, check_existing=False)


def make(size_mib: int) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = random.Random(7)
    material = make_textures(rng, size_mib)
    vertices = size_mib * 2**20 * (1 - TEXTURE_SHARE) / BYTES_PER_VERTEX / MESHES
    for index in range(MESHES):
        add_terrain(rng, f"Terrain.{index:03}", int(vertices**0.5), material)
    # Nothing shows this one: it is there to be purged.
    bpy.data.objects.remove(bpy.data.objects["Terrain.011"])
    bpy.data.meshes["Terrain.011"].use_fake_user = True
    for index in range(int(size_mib * EMPTIES_PER_MIB)):
        add_animated_empty(rng, index)


def add_terrain(rng: random.Random, name: str, side: int, material) -> None:
    grid = grid_of(side)
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(side * side)
    positions = array.array("f", map(operator.add, grid["positions"], noise(rng, side)))
    mesh.vertices.foreach_set("co", positions)
    mesh.loops.add(len(grid["corners"]))
    mesh.loops.foreach_set("vertex_index", grid["corners"])
    mesh.polygons.add(len(grid["starts"]))
    mesh.polygons.foreach_set("loop_start", grid["starts"])
    mesh.update(calc_edges=True)
    mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", seen_from_above(positions, grid))
    mesh.materials.append(material)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)


@functools.cache
def grid_of(side: int) -> dict:
    """What all terrains of a size have in common."""
    ticks = [2 * tick / (side - 1) - 1 for tick in range(side)]
    positions = array.array("f", (value for x in ticks for y in ticks for value in (x, y, 0)))
    firsts = [row * side + column for row in range(side - 1) for column in range(side - 1)]
    corners = array.array(
        "i", (c for f in firsts for c in (f, f + side, f + side + 1, f + 1))
    )
    starts = array.array("i", range(0, len(corners), 4))
    return {"positions": positions, "corners": corners, "starts": starts}


def noise(rng: random.Random, side: int):
    """A push of up to 0.01 along each axis for every vertex: no two floats alike, as after sculpting."""
    values = array.array("i", rng.randbytes(side * side * 3 * 4))
    return (value * (0.01 / 2**31) for value in values)


def seen_from_above(positions, grid: dict):
    """Each corner's place on the texture."""
    uv = [(x / 2 + 0.5, y / 2 + 0.5) for x, y in zip(positions[0::3], positions[1::3])]
    return array.array("f", (value for corner in grid["corners"] for value in uv[corner]))


def make_textures(rng: random.Random, size_mib: int):
    material = bpy.data.materials.new("Ground")
    material.use_nodes = True
    # Noise hardly compresses, so a PNG of it has about 3 bytes a pixel.
    side = int((size_mib * 2**20 * TEXTURE_SHARE / TEXTURES / 3) ** 0.5)
    for index in range(TEXTURES):
        image = bpy.data.images.new(f"Texture.{index}", side, side)
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        pack_noise(rng, image)
    return material


def pack_noise(rng: random.Random, image) -> None:
    grain = rng.randbytes(image.size[0] * image.size[1] * 4)
    pixels = array.array("f", (byte / 255 for byte in grain))
    pixels[3::4] = array.array("f", [1.0]) * (len(pixels) // 4)
    image.pixels.foreach_set(pixels)
    with tempfile.TemporaryDirectory() as folder:
        image.filepath_raw = os.path.join(folder, "noise.png")
        image.file_format = "PNG"
        image.save()
        image.pack()
        image.filepath_raw = f"//{image.name}.png"


def add_animated_empty(rng: random.Random, index: int) -> None:
    empty = bpy.data.objects.new(f"Empty.{index:04}", None)
    bpy.context.scene.collection.objects.link(empty)
    for frame in range(1, 102, 20):
        empty.location = [rng.random() for _ in range(3)]
        empty.rotation_euler = [rng.random() for _ in range(3)]
        empty.keyframe_insert("location", frame=frame)
        empty.keyframe_insert("rotation_euler", frame=frame)


def open_and_save() -> None:
    pass


def move_object() -> None:
    bpy.data.objects["Terrain.007"].location.x += 1.5


def sculpt() -> None:
    """A stroke over every hundredth vertex of the scene, all in one place of one mesh."""
    mesh = bpy.data.meshes["Terrain.005"]
    positions = array.array("f", bytes(len(mesh.vertices) * 12))
    mesh.vertices.foreach_get("co", positions)

    def distance(vertex: int) -> float:
        return (positions[vertex * 3] - 0.2) ** 2 + (positions[vertex * 3 + 1] + 0.1) ** 2

    touched = sum(len(other.vertices) for other in bpy.data.meshes) // 100
    near = sorted(range(len(mesh.vertices)), key=distance)[:touched]
    radius = distance(near[-1])
    for vertex in near:
        positions[vertex * 3 + 2] += 0.05 * (1 - distance(vertex) / radius)
    mesh.vertices.foreach_set("co", positions)
    mesh.update()


def add_mesh() -> None:
    # Its name sorts first: everything else moves further back in the file.
    side = int(len(bpy.data.meshes["Terrain.000"].vertices) ** 0.5 / 4)
    add_terrain(random.Random(11), "A new hill", side, bpy.data.materials["Ground"])


def replace_texture() -> None:
    pack_noise(random.Random(13), bpy.data.images["Texture.3"])


def purge() -> None:
    bpy.data.meshes["Terrain.011"].use_fake_user = False
    bpy.ops.outliner.orphans_purge(do_recursive=True)


EDITS = {
    "open-and-save": open_and_save,
    "move-object": move_object,
    "sculpt": sculpt,
    "add-mesh": add_mesh,
    "replace-texture": replace_texture,
    "purge": purge,
}

main()
