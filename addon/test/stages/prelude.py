"""What every script of the tests may use."""

import bpy, json, os, sys, time
args = sys.argv[sys.argv.index('--') + 1:] if '--' in sys.argv else []


def tell(name, value):
    print('TOLD ' + json.dumps([name, value]), flush=True)


def prefs():
    return bpy.context.preferences.addons['bl_ext.user_default.shaman_farm'].preferences


def use_farm(url):
    prefs().manager_url = url
    prefs().tool_source = 'COMMAND'
    prefs().tool_command = os.environ['FARM_COMMAND']


def result():
    return json.loads(bpy.context.window_manager.shaman_farm_result)


def submit(**wishes):
    try:
        return list(bpy.ops.shaman_farm.submit(**wishes))
    except RuntimeError as error:
        return str(error)


# Blender runs no timers in the background. After this, drive() runs those of the add-on.
pending = {}


def be_interactive():
    timers = bpy.app.timers
    timers.register = lambda f, first_interval=0, persistent=False: pending.update({f: time.monotonic() + first_interval})
    timers.is_registered = lambda f: f in pending
    timers.unregister = lambda f: pending.pop(f, None)


def drive(what, until, seconds=90):
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, 'waited for ' + what
        for timer, at in list(pending.items()):
            if at <= time.monotonic():
                again = timer()
                pending.pop(timer, None)
                if again is not None:
                    pending[timer] = time.monotonic() + again
        time.sleep(0.02)


def ask_farm():
    """Acts as a window does from here on, with the farm's facts known."""
    be_interactive()
    part('farm_info').refresh()
    drive('the farm', part('farm_info').current)


def part(name):
    return __import__('importlib').import_module('bl_ext.user_default.shaman_farm.' + name)


def click_submit(dry_run=False):
    """Submits as the panel's button does (operators are not invoked in the background), up to the end or a question."""
    part('sending').start(bpy.context, {}, is_dry_run=dry_run)
    return drive_submission()


def drive_submission():
    submission = part('submission')
    drive('the submission', lambda: submission.current() and (submission.current().is_ended or submission.current().is_waiting))
    return submission.current()


class Layout:
    """Stands for a panel: remembers what is written into it."""
    def __init__(self, texts=None):
        self.__dict__['texts'] = [] if texts is None else texts
    def label(self, text='', **_):
        self.texts.append(text)
    def progress(self, text='', **_):
        self.texts.append(text)
    def operator(self, name, text=None, **_):
        self.texts.append('[' + (text if text is not None else name) + ']')
        return Layout([])
    def __setattr__(self, name, value):
        pass
    def __getattr__(self, name):
        return lambda *a, **k: Layout(self.texts)


def drawn(draw, *rest):
    layout = Layout()
    draw(layout, *rest)
    return layout.texts


def image_at(path, name, size=8):
    """An image of the scene that lies at the path and is used by the cube."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    image = bpy.data.images.new(name, size, size)
    image.filepath_raw = path
    image.file_format = 'PNG'
    image.save()
    image.source = 'FILE'
    image.filepath = path
    material = bpy.data.materials.get('m') or bpy.data.materials.new('m')
    material.use_nodes = True
    material.node_tree.nodes.new('ShaderNodeTexImage').image = image
    if not bpy.data.objects['Cube'].data.materials.get('m'):
        bpy.data.objects['Cube'].data.materials.append(material)
    return image


def small_render(frames):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, frames
    scene.render.engine = 'CYCLES'
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_percentage = 5


def save_as(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=path)
