"""A large project is sent; then the farm falls silent, and then is gone."""

bpy.context.preferences.view.show_splash = False
farm_info, my_jobs, submission, preferences = part('farm_info'), part('my_jobs'), part('submission'), part('preferences')
use_farm(args[0])

def area_of(kind):
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == kind)

def make_project():
    """Files of 64 MiB: holes, read like any other byte, behind a beginning that makes each another file."""
    project = args[1]
    os.makedirs(project)
    material = bpy.data.materials.new('m')
    material.use_nodes = True
    bpy.data.objects['Cube'].data.materials.append(material)
    for index in range(int(args[3])):
        path = os.path.join(project, f'plate_{index:02}.exr')
        with open(path, 'wb') as stream:
            stream.write(f'{index} of a plate'.encode())
            stream.truncate(64 * 1024 * 1024)
        node = material.node_tree.nodes.new('ShaderNodeTexImage')
        node.image = bpy.data.images.new(f'plate {index}', 4, 4)
        node.image.source = 'FILE'
        node.image.filepath = path
    bpy.ops.wm.save_as_mainfile(filepath=os.path.join(project, 'shot.blend'))

def in_window(then):
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        return then()

def redraw():
    area_of('PROPERTIES').tag_redraw()

def submit_clicked():
    in_window(lambda: bpy.ops.shaman_farm.submit('INVOKE_DEFAULT'))

def story():
    area_of('PROPERTIES').spaces.active.context = 'OUTPUT'
    for name in [name for name in dir(bpy.types) if name.startswith('RENDER_PT_')] * 2:
        panel = getattr(bpy.types, name, None)
        if panel and panel.is_registered:
            bpy.utils.unregister_class(panel)
    in_window(lambda: bpy.ops.wm.probe('INVOKE_DEFAULT'))
    yield 5.0
    figures()
    for _ in range(10):
        redraw()
        yield 0.5
    tell('idle', figures())

    chosen = bpy.context.preferences
    chosen.is_dirty = False
    submit_clicked()
    tell('preferences', [chosen.filepaths.file_preview_type, chosen.is_dirty])
    phases = set()
    while not submission.current().is_ended:
        phases.add(submission.current().phase)
        yield 0.1
    tell('phases', sorted(phases))
    tell('outcome', submission.current().result or submission.current().problem)
    tell('sending', figures())

    farms = () if 'quick' in args[4:] else (('silent', args[2]), ('unreachable', 'http://127.0.0.1:9'))
    for name, url in farms:
        preferences.get().manager_url = url
        my_jobs._state.jobs[0].url = url
        my_jobs._state.jobs[0].seen_ended = False
        # As if it had been known in an earlier session.
        farm_info._state.info = info
        in_window(lambda: bpy.ops.shaman_farm.find())
        in_window(lambda: bpy.ops.shaman_farm.refresh('INVOKE_DEFAULT'))
        submit_clicked()
        yield 2.0
        in_window(lambda: bpy.ops.shaman_farm.job_action(job_id=my_jobs._state.jobs[0].id, action='PAUSE'))
        for _ in range(16):
            redraw()
            yield 0.5
        if not submission.current().is_ended:
            in_window(lambda: bpy.ops.shaman_farm.cancel())
        while not submission.current().is_ended:
            yield 0.1
        tell(name + ' problem', str(farm_info.problem()))
        tell(name, figures())

steps = None
info = None
def go():
    global steps, info
    # The panel's first drawing is part of Blender's start.
    info = farm_info.current()
    if info is None:
        return 0.5
    steps = steps or story()
    return next(steps, None)
make_project()
bpy.app.timers.register(go, first_interval=3.0)
