# Runs inside Blender before a render and names what the scene needs but cannot find: a missing
# texture is otherwise rendered in silent pink. One line each: shaman-farm: missing KIND "PATH"
# It must work in every Blender from 2.80 on, and must never be the reason that a render fails.
import os

import bpy

# Images used only by these are not in any picture: brushes, reference images, backgrounds.
UNSEEN = {"BRUSH", "OBJECT", "CAMERA", "SCREEN", "WORKSPACE", "WINDOWMANAGER", "LIBRARY", "PALETTE"}


def is_seen(block):
    users = bpy.data.user_map(subset={block}).get(block, set())
    return any(user.id_type not in UNSEEN for user in users)


def absolute(block, path):
    return os.path.normpath(bpy.path.abspath(path, library=block.library))


def image_files(image):
    if image.packed_file or getattr(image, "packed_files", None) or not image.filepath:
        return []
    path = absolute(image, image.filepath)
    if image.source in {"FILE", "MOVIE"}:
        return [path]
    if image.source == "TILED" and "<UDIM>" in path:
        return [path.replace("<UDIM>", str(tile.number)) for tile in image.tiles]
    return []


def plain_files(block):
    if getattr(block, "packed_file", None) or getattr(block, "is_sequence", False):
        return []
    path = block.filepath
    return [] if not path or path == "<builtin>" else [absolute(block, path)]


def report(kind, blocks, files_of):
    for block in blocks:
        try:
            if block.users == 0 or (kind == "image" and not is_seen(block)):
                continue
            for path in files_of(block):
                if not os.path.exists(path):
                    print('shaman-farm: missing %s "%s"' % (kind, path), flush=True)
        except Exception as error:  # an oddity of one block is not worth a render
            print("shaman-farm: %s not checked: %s" % (kind, error), flush=True)


report("image", bpy.data.images, image_files)
report("font", bpy.data.fonts, plain_files)
report("cache", getattr(bpy.data, "cache_files", ()), plain_files)
report("volume", getattr(bpy.data, "volumes", ()), plain_files)
