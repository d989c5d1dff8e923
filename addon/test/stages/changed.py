"""Submits a saved scene as a click does, and again after a script has changed it."""

use_farm(args[0])
save_as(args[1])
bpy.ops.wm.open_mainfile(filepath=args[1])
submission, held, updates = part('submission'), [], []


def saw_update(_scene, _depsgraph):
    updates.append(True)


def submit_clicked(name):
    held.append(not bpy.data.is_dirty)
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.shaman_farm.submit('INVOKE_DEFAULT')
    while not submission.current().is_ended:
        yield
    tell(name, submission.current().result or submission.current().problem)


def story():
    while not part('farm_info').current():
        yield
    yield from submit_clicked('unchanged')
    bpy.app.handlers.depsgraph_update_post.append(saw_update)
    bpy.data.objects['Cube'].name = 'RENAMED_BY_A_SCRIPT'
    while not updates:
        yield
    yield from submit_clicked('changed')
    tell('held for saved', held)


steps = story()


def go():
    return 0.1 if next(steps, 'end') != 'end' else None


bpy.app.timers.register(go, first_interval=1.0)
