"""Puts our panel alone into the Output properties and tells what happens."""

bpy.context.preferences.view.show_splash = False
bpy.context.preferences.view.ui_scale = 1.0
use_farm(args[0])
farm_info, my_jobs, submission = part('farm_info'), part('my_jobs'), part('submission')


def area_of(kind):
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == kind)


def make_scene(path, large_bytes):
    save_as(path)
    folder = os.path.dirname(path)
    wood = image_at(os.path.join(folder, 'wood.png'), 'wood', 64)
    if large_bytes:
        # A cancel needs something that is still under way.
        with open(wood.filepath, 'ab') as stream:
            stream.write(os.urandom(large_bytes))
    else:
        image_at(os.path.join(folder, 'gone.png'), 'gone', 16)
    small_render(3)
    bpy.ops.wm.save_mainfile()
    if not large_bytes:
        os.remove(os.path.join(folder, 'gone.png'))


def show_panel():
    area = area_of('PROPERTIES')
    area.spaces.active.context = 'OUTPUT'
    # The others would push ours out of view; what hangs below another goes with it.
    for name in [name for name in dir(bpy.types) if name.startswith('RENDER_PT_')] * 2:
        panel = getattr(bpy.types, name, None)
        if panel and panel.is_registered:
            bpy.utils.unregister_class(panel)
    area.tag_redraw()


told = set()


def tell_once(name, value, later=1.0):
    """Later: what is told of has to be drawn before it is clicked."""
    if name not in told:
        told.add(name)
        bpy.app.timers.register(lambda: tell(name, value()), first_interval=later)


def watch():
    current = submission.current()
    if farm_info.current() and 'panel' not in told:
        show_panel()
        tell_once('panel', lambda: True, 2.0)
    # What a click did at once, so that one that Blender swallowed can be told from one that takes its time.
    if current:
        tell_once('started', lambda: True, 0.0)
    if 'question' in told and not current.is_waiting:
        tell_once('decided', lambda: True, 0.0)
    if current and current.is_canceled:
        tell_once('canceling', lambda: True, 0.0)
    if current and current.phase == 'upload' and not current.is_ended:
        tell_once('uploading', lambda: current.fraction)
    if current and current.is_waiting:
        tell_once('question', lambda: [p['path'] for p in current.report['missing']])
    if current and current.is_ended:
        tell_once('ended ' + current.phase, lambda: current.result or current.problem)
    for job in my_jobs._state.jobs:
        if job.status == 'completed' and job.seen_ended:
            tell_once('completed', lambda: job.image, 2.0)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            image = area.spaces.active.image if area.type == 'IMAGE_EDITOR' else None
            if image:
                tell_once('image', lambda: [list(image.size), image.filepath])
    return 0.1


make_scene(args[1], int(args[2]))
bpy.app.timers.register(watch, first_interval=1.0)
