import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'
import { openWindow, type Window } from './window.ts'

// Where screenshots go when they are wanted: they are kept by hand, once they have been looked at.
const pictures = process.env.ADDON_PICTURES

// In a window of fixed size the panel's buttons stay where they are; what a click did is asserted by its effect.
const places = {
  submit: [1474, 675],
  submitWithout: [1420, 806],
} as const

// Puts our panel alone into the Output properties and tells what happens.
const stage = `
bpy.context.preferences.view.show_splash = False
bpy.context.preferences.view.ui_scale = 1.0
use_farm(args[0])
from bl_ext.user_default.shaman_farm import farm_info, my_jobs, submission

def area_of(kind):
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == kind)

def make_scene(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    material = bpy.data.materials.new('m')
    material.use_nodes = True
    for name, size in (('wood', 64), ('gone', 16)):
        image = bpy.data.images.new(name, size, size)
        image.filepath_raw = os.path.join(os.path.dirname(path), name + '.png')
        image.file_format = 'PNG'
        image.save()
        image.source = 'FILE'
        image.filepath = '//' + name + '.png'
        material.node_tree.nodes.new('ShaderNodeTexImage').image = image
    bpy.data.objects['Cube'].data.materials.append(material)
    bpy.context.scene.frame_end = 3
    bpy.context.preferences.filepaths.save_version = 0
    bpy.context.scene.render.engine = 'CYCLES'
    bpy.context.scene.cycles.samples = 1
    bpy.context.scene.cycles.use_denoising = False
    bpy.context.scene.render.resolution_percentage = 5
    bpy.ops.wm.save_mainfile()
    os.remove(os.path.join(os.path.dirname(path), 'gone.png'))

def show_panel():
    area = area_of('PROPERTIES')
    area.spaces.active.context = 'OUTPUT'
    # The others would push ours out of view; what hangs below another goes with it.
    for name in [name for name in dir(bpy.types) if name.startswith('RENDER_PT_')] * 2:
        panel = getattr(bpy.types, name, None)
        if panel and panel.is_registered:
            bpy.utils.unregister_class(panel)
    area.tag_redraw()

# How long Blender's main thread was in our hands at most, by what it did there.
slowest = {}
def time_calls(owner, name):
    inner = getattr(owner, name)
    def outer(*args, **kwargs):
        started = time.perf_counter()
        try:
            return inner(*args, **kwargs)
        finally:
            slowest[name] = max(slowest.get(name, 0), round((time.perf_counter() - started) * 1000, 1))
    setattr(owner, name, outer)

from bl_ext.user_default.shaman_farm import background, panel
for owner, name in ((panel, 'draw_job'), (panel, 'draw_submission'), (panel, 'draw_jobs'),
                    (submission, 'start'), (submission, '_pump'), (background, '_pump'), (my_jobs, '_ask')):
    time_calls(owner, name)

told = set()
def watch():
    current = submission.current()
    if farm_info.current() and 'panel' not in told:
        told.add('panel')
        show_panel()
        bpy.app.timers.register(lambda: tell('panel', True), first_interval=2.0)
    if current and current.is_waiting and 'question' not in told:
        told.add('question')
        bpy.app.timers.register(lambda: tell('question', [p['path'] for p in current.report['missing']]), first_interval=1.0)
    if current and current.is_ended:
        name = 'ended ' + current.phase
        if name not in told:
            told.add(name)
            bpy.app.timers.register(lambda: tell(name, current.result or current.problem), first_interval=1.0)
    for job in my_jobs._state.jobs:
        if job.status == 'completed' and job.seen_ended and 'completed' not in told:
            told.add('completed')
            bpy.app.timers.register(lambda: tell('slowest', slowest), first_interval=1.0)
            bpy.app.timers.register(lambda: tell('completed', job.image), first_interval=2.0)
    return 0.1

make_scene(args[1])
bpy.app.timers.register(watch, first_interval=1.0)
`

test('an artist submits with real clicks and sees the job finish', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const blend = join(blender.dir, 'film', 'shot 010.blend')
  const window = await openWindow(t, blender, stage, [farm.url, blend])
  if (!window) return
  await window.told('panel')
  await picture(window, 'addon-panel')

  await window.click(...places.submit)
  const missing = (await window.told('question')) as string[]
  assert.deepEqual(missing, [join(blender.dir, 'film', 'gone.png')])
  await picture(window, 'addon-missing')

  await window.click(...places.submitWithout)
  const submitted = (await window.told('ended submitted')) as { job: { id: string } }
  const job = await farm.api.fetchJob({ params: { job_id: submitted.job.id } })
  assert.equal(job.name, 'shot 010')
  await picture(window, 'addon-submitted')

  farm.startWorker('window-test')
  const image = await window.told('completed')
  assert.match(String(image), /\.(jpg|png)$/)
  await picture(window, 'addon-done')
  t.diagnostic(
    `longest calls on Blender's main thread, ms: ${JSON.stringify(await window.told('slowest'))}`,
  )
})

async function picture(window: Window, name: string): Promise<void> {
  if (pictures) await window.picture(join(pictures, `${name}.png`))
}
