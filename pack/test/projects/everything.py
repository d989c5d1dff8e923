"""Writes a project that names files in every way Blender knows, and what Blender itself says about it.

blender -b --factory-startup --python-exit-code 3 --python everything.py -- OUT MOVIE.avi

OUT/project/shots/sh010/sh010.blend is the scene; OUT/outside lies outside the project.
OUT/oracle.json: {"<blend>": [absolute paths that Blender lists], ...}
"""
import json
import os
import struct
import sys
import zlib

import bpy

out = os.path.abspath(sys.argv[sys.argv.index("--") + 1])
project = os.path.join(out, "project")
outside = os.path.join(out, "outside")
shot_dir = os.path.join(project, "shots", "sh010")
bpy.context.preferences.filepaths.save_version = 0
bpy.context.preferences.filepaths.use_file_compression = False


def write(path, data=b"stub"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.fsencode(path), "wb") as file:
        file.write(data)
    return path


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(path, color=(255, 0, 0)):
    row = b"\0" + bytes(color) * 4
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
    return write(path, data + chunk(b"IDAT", zlib.compress(row * 4)) + chunk(b"IEND", b""))


def wav(path):
    samples = b"\0\0" * 4800
    head = b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 1, 48000, 96000, 2, 16)
    return write(path, head + b"data" + struct.pack("<I", len(samples)) + samples)


def fresh(path):
    """An empty scene, saved at once so that // means its directory."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    os.makedirs(os.path.dirname(path), exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=False, relative_remap=False)


def save(path, compress=False):
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=compress, relative_remap=False)


def image(name, path, source="FILE"):
    made = bpy.data.images.new(name, 4, 4)
    made.source = source
    made.filepath = path
    made.use_fake_user = True
    return made


def material(name, shown, frames=None):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    node = made.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = shown
    if frames:
        node.image_user.frame_duration, node.image_user.frame_offset = frames
    made.node_tree.links.new(node.outputs[0], made.node_tree.nodes["Principled BSDF"].inputs[0])
    return made


def cube(name, *materials):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], [], [(0, 1, 2, 3)])
    mesh.uv_layers.new()
    for each in materials:
        mesh.materials.append(each)
    made = bpy.data.objects.new(name, mesh)
    place = len(bpy.data.objects)
    made.location = (place % 6 - 3, place // 6 % 6 - 3, 0)
    bpy.context.scene.collection.objects.link(made)
    return made


def link(path, kind, name, relative=True):
    with bpy.data.libraries.load(path, link=True, relative=relative) as (_, target):
        getattr(target, kind).append(name)
    found = getattr(bpy.data, kind)
    return next(each for each in found if each.name == name and each.library)


def nodes_with_profile(tree, path):
    write(bpy.path.abspath(path))
    profile = tree.nodes.new("ShaderNodeTexIES")
    profile.mode, profile.filepath = "EXTERNAL", path


def place(name, data):
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def make_kit():
    """A library of what is easily lost behind a link: a speaker, a camera, a light profile in a node group."""
    kit = f"{project}/assets/kit/kit.blend"
    here = os.path.dirname(kit)
    fresh(kit)
    wav(f"{here}/hum.wav")
    speaker = bpy.data.speakers.new("Hum")
    speaker.sound = bpy.data.sounds.load(f"{here}/hum.wav")
    speaker.sound.filepath = "//hum.wav"
    png(f"{here}/board.png")
    for frame in (1, 2):
        png(f"{here}/ref/ref.{frame:03d}.png")
    camera = bpy.data.cameras.new("Witness")
    camera.background_images.new().image = image("board", "//board.png")
    clip = bpy.data.movieclips.load(f"{here}/ref/ref.001.png")
    clip.filepath = "//ref/ref.001.png"
    behind = camera.background_images.new()
    behind.source, behind.clip = "MOVIE_CLIP", clip
    group = bpy.data.node_groups.new("Profile", "ShaderNodeTree")
    nodes_with_profile(group, "//linked.ies")
    glow = bpy.data.materials.new("Glow")
    glow.use_nodes = True
    glow.node_tree.nodes.new("ShaderNodeGroup").node_tree = group
    parts = [place("Hum", speaker), place("Witness", camera), cube("Glowing", glow)]
    collection = bpy.data.collections.new("Kit")
    collection.use_fake_user = True
    for part in parts:
        collection.objects.link(part)
    save(kit)
    return kit


def make_libraries():
    tex = os.path.join(project, "tex")
    png(f"{tex}/mat.png")
    png(f"{tex}/unused.png")
    mats = f"{project}/assets/materials/mats.blend"
    fresh(mats)
    material("Painted", image("mat", "//../../tex/mat.png")).use_fake_user = True
    material("Unused", image("unused", "//../../tex/unused.png")).use_fake_user = True
    save(mats, compress=True)

    props = f"{project}/assets/props/props.blend"
    png(f"{project}/assets/props/tex/prop.png")
    fresh(props)
    prop = cube("Prop", link(mats, "materials", "Painted"), material("Own", image("prop", "//tex/prop.png")))
    prop.use_fake_user = True
    save(props)

    char = f"{project}/assets/chars/hëro 役.blend"
    png(f"{project}/assets/chars/skin.png")
    fresh(char)
    hero = cube("Hero", material("Skin", image("skin", "//skin.png")))
    group = bpy.data.collections.new("HeroGroup")
    group.objects.link(hero)
    group.use_fake_user = True
    save(char)

    outlib = f"{outside}/lib/outlib.blend"
    png(f"{outside}/lib/textures/out.png")
    png(f"{outside}/elsewhere/far.png")
    fresh(outlib)
    cube(
        "Out",
        material("Near", image("near", "//textures/out.png")),
        material("Far", image("far", f"{outside}/elsewhere/far.png")),
    ).use_fake_user = True
    save(outlib)

    a, b = f"{project}/assets/cyclic/a.blend", f"{project}/assets/cyclic/b.blend"
    png(f"{project}/assets/cyclic/a.png")
    png(f"{project}/assets/cyclic/b.png")
    fresh(a)
    cube("A", material("MA", image("ia", "//a.png"))).use_fake_user = True
    save(a)
    fresh(b)
    cube("B", link(a, "materials", "MA"), material("MB", image("ib", "//b.png"))).use_fake_user = True
    save(b)
    bpy.ops.wm.open_mainfile(filepath=a)
    cube("A2", link(b, "materials", "MB")).use_fake_user = True
    save(a)
    return props, char, make_kit(), outlib, a


def add_images():
    here = shot_dir
    png(f"{here}/tex/rel.png")
    image("rel", "//tex/rel.png")
    png(f"{project}/tex/abs in.png")
    image("absin", f"{project}/tex/abs in.png")
    png(f"{outside}/pics/abs out.png")
    image("absout", f"{outside}/pics/abs out.png")
    image("respelled", "//nowhere/../tex/rel.png")
    image("doubled", "//.//tex///rel.png")
    image("backslash", "//tex\\rel.png")
    image("drive", "Z:\\proj\\gone.png")
    image("missing", "//tex/gone.png")
    png(f"{here}/tex/#%&'[]{{}} ü.png")
    png(f"{here}/tex/bad\udcff.png")
    image("bad", "//tex/bad\udcff.png")
    image("odd", "//tex/#%&'[]{} ü.png")
    png(f"{here}/tex/n\u0303 nfd.png")
    image("nfd", "//tex/n\u0303 nfd.png")
    png(f"{here}/tex/real.png")
    os.symlink("real.png", f"{here}/tex/link.png")
    image("symlink", "//tex/link.png")
    image("no path", "")
    for tile in (1001, 1002, 1011, 1050):
        png(f"{here}/tex/udim.{tile}.png")
    for name in ("udim.preview", "udim.0999"):
        png(f"{here}/tex/{name}.png")
    for name in ("u1_v1", "u2_v1", "u3_v3"):
        png(f"{here}/tex/uv_{name}.png")
    for name, path, tiles in (
        ("udim", "//tex/udim.<UDIM>.png", (1002, 1011)),
        ("uvtile", "//tex/uv_<UVTILE>.png", (1002,)),
    ):
        tiled = image(name, path, "TILED")
        for tile in tiles:
            tiled.tiles.new(tile_number=tile)
    for frame in (1, 2, 3, 4, 5, 99):
        png(f"{here}/seq/frame_{frame:04d}.png")
    sequence = image("sequence", "//seq/frame_0001.png", "SEQUENCE")
    cube("SequenceUser", material("Seq", sequence, (3, 1)))
    for frame in range(1, 4):
        png(f"{here}/seqall/all_{frame:04d}.png")
    image("seqall", "//seqall/all_0001.png", "SEQUENCE")
    for frame in (1, 2, 4):
        png(f"{here}/seqgap/gap_{frame:04d}.png")
    gap = image("seqgap", "//seqgap/gap_0001.png", "SEQUENCE")
    cube("GapUser", material("Gap", gap, (4, 0)))
    packed = png(f"{here}/tex/packed.png")
    image("packed", "//tex/packed.png").pack()
    os.remove(packed)
    for side in "LR":
        png(f"{here}/tex/stereo_{side}.png")
    scene = bpy.context.scene
    scene.render.use_multiview = True
    stereo = image("stereo", "//tex/stereo_L.png")
    stereo.views_format = "INDIVIDUAL"
    stereo.use_multiview = True
    stereo.reload()
    len(stereo.pixels)
    png(f"{here}/tex/bg.png")
    camera = bpy.data.cameras.new("Cam")
    holder = bpy.data.objects.new("Cam", camera)
    holder.location = (0, 0, 9)
    scene.collection.objects.link(holder)
    scene.camera = holder
    camera.background_images.new().image = image("bg", "//tex/bg.png")
    png(f"{here}/tex/empty.png")
    empty = bpy.data.objects.new("Empty", None)
    empty.empty_display_type = "IMAGE"
    empty.data = image("empty", "//tex/empty.png")
    scene.collection.objects.link(empty)


def add_frames_that_change():
    """Sequences of which one frame is shown at a time, and something else says which."""
    for name in ("mouth", "eye", "given", "fed"):
        for frame in range(1, 5):
            png(f"{shot_dir}/{name}/{name}_{frame}.png")
    shown = {name: image(name, f"//{name}/{name}_1.png", "SEQUENCE") for name in ("mouth", "eye", "given", "fed")}
    nodes = {}
    for name, each in shown.items():
        painted = material(name, each, (1, 0))
        nodes[name] = next(node for node in painted.node_tree.nodes if node.type == "TEX_IMAGE")
        nodes[name].name = f'the "{name}"'
        cube(name, painted)
    for frame in (1, 4):
        nodes["mouth"].image_user.frame_offset = frame - 1
        nodes["mouth"].image_user.keyframe_insert("frame_offset", frame=frame)
    nodes["mouth"].image_user.frame_offset = 0
    nodes["eye"].image_user.driver_add("frame_offset").driver.expression = "frame % 4"
    tree = bpy.data.node_groups.new("Shows images", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    given = tree.interface.new_socket("Image", in_out="INPUT", socket_type="NodeSocketImage")
    tree.nodes.new("NodeGroupOutput")
    sampler = tree.nodes.new("GeometryNodeImageTexture")
    sampler.inputs["Image"].default_value, sampler.inputs["Frame"].default_value = shown["fed"], 3
    modifier = cube("Shows images").modifiers.new("Images", "NODES")
    modifier.node_group = tree
    modifier[given.identifier] = shown["given"]


def add_nodes():
    here = shot_dir
    write(f"{here}/nodes/lamp.ies")
    write(f"{here}/nodes/shade.osl", b"shader s(output color c = 0){}")
    light = bpy.data.lights.new("Lamp", "POINT")
    light.use_nodes = True
    profile = light.node_tree.nodes.new("ShaderNodeTexIES")
    profile.mode, profile.filepath = "EXTERNAL", "//nodes/lamp.ies"
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Lamp", light))
    shader = bpy.data.materials.new("Osl")
    shader.use_nodes = True
    script = shader.node_tree.nodes.new("ShaderNodeScript")
    script.mode, script.filepath = "EXTERNAL", "//nodes/shade.osl"
    shader.use_fake_user = True
    nodes_with_profile(shader.node_tree, "//nodes/material.ies")
    inside = shader.node_tree.nodes.new("ShaderNodeTexIES")
    inside.mode, inside.ies = "INTERNAL", bpy.data.texts.new("lamp.ies")
    group = bpy.data.node_groups.new("Grouped", "ShaderNodeTree")
    group.use_fake_user = True
    nodes_with_profile(group, "//nodes/group.ies")
    png(f"{here}/tex/world.png")
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.node_tree.nodes.new("ShaderNodeTexEnvironment").image = image("world", "//tex/world.png")
    nodes_with_profile(world.node_tree, "//nodes/world.ies")
    bpy.context.scene.world = world
    scene = bpy.context.scene
    scene.use_nodes = True
    png(f"{here}/tex/grade.png")
    scene.node_tree.nodes.new("CompositorNodeImage").image = image("grade", "//tex/grade.png")
    scene.node_tree.nodes.new("CompositorNodeOutputFile").base_path = "//comp_out"
    for frame in (1, 2):
        png(f"{here}/comp/plate_{frame:02d}.png")
    plate = bpy.data.movieclips.load(f"{here}/comp/plate_01.png")
    plate.filepath = "//comp/plate_01.png"
    scene.node_tree.nodes.new("CompositorNodeMovieClip").clip = plate
    png(f"{here}/tex/displace.png")
    texture = bpy.data.textures.new("Displace", "IMAGE")
    texture.image = image("displace", "//tex/displace.png")
    cube("Displaced").modifiers.new("D", "DISPLACE").texture = texture


def add_files(font, movie):
    here, scene = shot_dir, bpy.context.scene
    write(f"{here}/fonts/face.ttf", open(font, "rb").read())
    text = bpy.data.curves.new("Text", "FONT")
    text.font = bpy.data.fonts.load(f"{here}/fonts/face.ttf")
    text.font.filepath = "//fonts/face.ttf"
    scene.collection.objects.link(bpy.data.objects.new("Text", text))
    wav(f"{here}/audio/speak.wav")
    speaker = bpy.data.speakers.new("Speaker")
    speaker.sound = bpy.data.sounds.load(f"{here}/audio/speak.wav")
    speaker.sound.filepath = "//audio/speak.wav"
    scene.collection.objects.link(bpy.data.objects.new("Speaker", speaker))
    for frame in range(1, 5):
        png(f"{here}/plate/plate.{frame:03d}.png")
    clip = bpy.data.movieclips.load(f"{here}/plate/plate.001.png")
    clip.filepath = "//plate/plate.001.png"
    clip.use_fake_user = True
    write(f"{here}/movie/clip.avi", movie)
    film = bpy.data.movieclips.load(f"{here}/movie/clip.avi")
    film.filepath = "//movie/clip.avi"
    film.use_fake_user = True
    image("film", "//movie/clip.avi", "MOVIE")
    for name in ("one", "fog_0001", "fog_0002", "fog_0003"):
        write(f"{here}/vdb/{name}.vdb")
    bpy.data.volumes.new("One").filepath = "//vdb/one.vdb"
    many = bpy.data.volumes.new("Many")
    many.filepath, many.is_sequence = "//vdb/fog_0001.vdb", True
    many.frame_duration = 3
    for volume in list(bpy.data.volumes):
        volume.use_fake_user = True
    write(f"{here}/scripts/ext.py", b"pass")
    bpy.data.texts.load(f"{here}/scripts/ext.py").filepath = "//scripts/ext.py"
    bpy.data.texts.new("Internal")
    write(f"{here}/scripts/style.py", b"pass")
    style = bpy.data.texts.load(f"{here}/scripts/style.py")
    style.filepath = "//scripts/style.py"
    freestyle = bpy.context.view_layer.freestyle_settings
    freestyle.mode = "SCRIPT"
    freestyle.modules.new().script = style
    png(f"{here}/ui/icon.png")
    brush = bpy.data.brushes.new("Own")
    brush.use_custom_icon, brush.icon_filepath, brush.use_fake_user = True, "//ui/icon.png", True


STAGE = b"""#usda 1.0
(
    subLayers = [@./layers/set.usda@, @./layers/gone.usda@]
)
def Material "m" { asset inputs:file = @wood.png@ }
"""


def add_disk_caches():
    """Caches in the directory named after the .blend; the files come last, as Blender removes what it holds for stale."""
    for name, kind in (("Soft", "SOFT_BODY"), ("Flag", "CLOTH")):
        cube(name).modifiers.new(kind, kind).point_cache.use_disk_cache = True
    dust = cube("Dust")
    dust.modifiers.new("P", "PARTICLE_SYSTEM")
    dust.particle_systems[0].point_cache.use_disk_cache = True
    canvas = cube("Canvas")
    paint = canvas.modifiers.new("P", "DYNAMIC_PAINT")
    bpy.context.view_layer.objects.active = canvas
    bpy.ops.dpaint.type_toggle(type="CANVAS")
    surface = paint.canvas_settings.canvas_surfaces[0]
    surface.surface_format = "VERTEX"
    surface.point_cache.use_disk_cache = True
    rigid = cube("Rigid")
    bpy.context.view_layer.objects.active = rigid
    bpy.ops.rigidbody.object_add()


def write_disk_caches():
    for name in ("Soft", "Flag", "Dust", "Canvas"):
        stem = name.encode().hex().upper()
        write(f"{shot_dir}/blendcache_sh010/{stem}_000001_00.bphys")


def add_inputs():
    """Paths that a modifier puts into geometry nodes, and that a node holds itself."""
    triangle = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    write(f"{shot_dir}/geo/own.obj", triangle)
    write(f"{shot_dir}/geo/given.obj", triangle)
    write(f"{outside}/geo/given far away.obj", triangle)
    tree = bpy.data.node_groups.new("Import", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    path = tree.interface.new_socket("File", in_out="INPUT", socket_type="NodeSocketString")
    path.subtype = "FILE_PATH"
    label = tree.interface.new_socket("Label", in_out="INPUT", socket_type="NodeSocketString")
    tree.nodes.new("GeometryNodeImportOBJ").inputs[0].default_value = "//geo/own.obj"
    given, reader = (tree.nodes.new(kind) for kind in ("NodeGroupInput", "GeometryNodeImportOBJ"))
    # Led to no output: before 4.5 these nodes are experimental and take no path that begins with //.
    tree.links.new(given.outputs["File"], reader.inputs[0])
    tree.nodes.new("NodeGroupOutput")
    for name, chosen in (("Near", "//geo/given.obj"), ("Far", f"{outside}/geo/given far away.obj")):
        modifier = cube(f"Import {name}").modifiers.new("Import", "NODES")
        modifier.node_group = tree
        modifier[path.identifier] = chosen
        modifier[label.identifier] = "//no path.obj"


def add_caches():
    here = shot_dir
    for name in ("anim.mdd", "points.pc2"):
        write(f"{here}/cache/{name}")
        modifier = cube(name).modifiers.new("Cache", "MESH_CACHE")
        modifier.filepath = f"//cache/{name}"
    for name in ("single.abc", "layer.abc", "run_0001.abc", "run_0002.abc"):
        write(f"{here}/cache/{name}")
    write(f"{here}/cache/stage.usda", STAGE)
    write(f"{here}/cache/layers/set.usda", b"#usda 1.0\n(\n  subLayers = [@../deep.usda@]\n)\n")
    write(f"{here}/cache/deep.usda", b"#usda 1.0\n")
    png(f"{here}/cache/wood.png")
    for name, is_sequence in (("single.abc", False), ("run_0001.abc", True), ("stage.usda", False)):
        before = set(bpy.data.cache_files)
        bpy.ops.cachefile.open(filepath=f"{here}/cache/{name}")
        made = (set(bpy.data.cache_files) - before).pop()
        made.filepath, made.is_sequence = f"//cache/{name}", is_sequence
        user = cube(f"Cached {name}")
        user.modifiers.new("Seq", "MESH_SEQUENCE_CACHE").cache_file = made
        if name == "single.abc":
            made.layers.new(filepath="//cache/layer.abc")
    write(f"{here}/ocean/disp_0001.exr")
    ocean = cube("Ocean").modifiers.new("Ocean", "OCEAN")
    ocean.filepath = "//ocean"
    write(f"{here}/fluid/data/fluid_data_0001.vdb")
    write(f"{here}/fluid/config/config_0001.uni")
    fluid = cube("Fluid").modifiers.new("Fluid", "FLUID")
    fluid.fluid_type = "DOMAIN"
    fluid.domain_settings.cache_directory = "//fluid"
    write(f"{here}/particles/fx_000001_00.bphys")
    emitter = cube("Emitter")
    emitter.modifiers.new("P", "PARTICLE_SYSTEM")
    cache = emitter.particle_systems[0].point_cache
    cache.use_external, cache.filepath, cache.name = True, "//particles", "fx"
    write(f"{here}/particles/fx_000001_00.bphys")
    write(f"{here}/bakes/123/meta/00001_000.json", b"{}")
    write(f"{here}/bakes/123/blobs/00001_000.blob")
    tree = bpy.data.node_groups.new("Sim", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    baked = cube("Baked").modifiers.new("GN", "NODES")
    tree.nodes.new("GeometryNodeBake")
    baked.node_group = tree
    baked.bake_target = "DISK"
    baked.bake_directory = "//bakes"
    return baked


def add_strips(movie):
    here = shot_dir
    editor = bpy.context.scene.sequence_editor_create()
    for name in ("a.png", "other name.png", "c.png"):
        png(f"{here}/edit/{name}")
    strip = editor.sequences.new_image("Images", f"{here}/edit/a.png", 1, 1)
    strip.elements.append("other name.png")
    strip.elements.append("c.png")
    strip.directory = "//edit/"
    write(f"{here}/edit/cut.avi", movie)
    cut = editor.sequences.new_movie("Movie", f"{here}/edit/cut.avi", 2, 1)
    cut.filepath = "//edit/cut.avi"
    wav(f"{here}/edit/voice.wav")
    editor.sequences.new_sound("Sound", f"{here}/edit/voice.wav", 3, 1)
    for side in "LR":
        png(f"{here}/edit/st_{side}.png")
    stereo = editor.sequences.new_image("Stereo", f"{here}/edit/st_L.png", 5, 1)
    stereo.directory = "//edit/"
    stereo.use_multiview, stereo.views_format = True, "INDIVIDUAL"
    for strip in (strip, cut):
        strip.use_proxy = True
    cut.proxy.use_proxy_custom_directory, cut.proxy.directory = True, "//proxies"
    for name in ("images/50/c.png_proxy.jpg", "images/50/other.png_proxy.jpg"):
        write(f"{here}/edit/BL_proxy/{name}")
    write(f"{here}/proxies/cut.avi/proxy_50.avi")
    wav(f"{here}/edit/kept inside.wav")
    inside = editor.sequences.new_sound("Kept inside", f"{here}/edit/kept inside.wav", 6, 1)
    inside.sound.pack()
    os.remove(f"{here}/edit/kept inside.wav")
    meta = editor.sequences.new_meta("Meta", 4, 1)
    png(f"{here}/edit/inner.png")
    meta.sequences.new_image("Inner", f"{here}/edit/inner.png", 1, 1).directory = "//edit/"


def make_shot(path, libraries, font, movie):
    fresh(path)
    props, char, kit, outlib, cyclic = libraries
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 4
    scene.collection.objects.link(link(props, "objects", "Prop"))
    scene.collection.objects.link(link(outlib, "objects", "Out", relative=False))
    scene.collection.objects.link(link(cyclic, "objects", "A2"))
    scene.collection.objects.link(link(cyclic.replace("a.blend", "b.blend"), "objects", "B"))
    hero = link(char, "collections", "HeroGroup")
    instance = place("HeroGroup", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", hero
    set_dressing = place("Kit", None)
    set_dressing.instance_type, set_dressing.instance_collection = "COLLECTION", link(kit, "collections", "Kit")
    hero.override_hierarchy_create(scene, bpy.context.view_layer, reference=instance)
    add_images()
    add_frames_that_change()
    add_nodes()
    add_files(font, movie)
    add_caches()
    add_disk_caches()
    add_inputs()
    add_strips(movie)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.cycles.seed = 7
    scene.render.resolution_x, scene.render.resolution_y = 32, 32
    scene.render.filepath = "//../../render/######"
    save(path)


def listed(path):
    """What Blender says about one file; its libraries are asked on their own."""
    bpy.ops.wm.open_mainfile(filepath=path)
    return sorted({os.path.normpath(each) for each in bpy.utils.blend_paths(absolute=True, local=True) if each})


def any_font():
    """One of the fonts that come with Blender."""
    folder = bpy.utils.system_resource("DATAFILES", path="fonts")
    return next(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if "Mono" in name or "Inter" in name)


def main():
    font = any_font()
    with open(sys.argv[sys.argv.index("--") + 2], "rb") as file:
        movie = file.read()
    os.makedirs(os.path.join(project, ".blender_project"), exist_ok=True)
    libraries = make_libraries()
    shot = f"{shot_dir}/sh010.blend"
    make_shot(shot, libraries, font, movie)
    oracle = {each: listed(each) for each in (shot, *libraries, f"{project}/assets/materials/mats.blend")}
    write_disk_caches()
    with open(os.path.join(out, "oracle.json"), "w", encoding="utf-8") as file:
        json.dump(oracle, file, ensure_ascii=True, indent=1)


main()
