import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFarm } from '../../test/farm.ts'
import { startBlender } from './blender.ts'

// What the panel's buttons do, without a window: the add-on's timers are driven by the script.
const stage = `
my_jobs, preferences = part('my_jobs'), part('preferences')
use_farm(args[0])
ask_farm()
scene = bpy.context.scene

def status_of(job):
    return preferences.manager().get('/jobs/' + job.id)['status']
`

test('every action of the panel does what it says', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  const tag = await farm.api.createWorkerTag({ body: { name: 'fast' } })
  const outcome = await blender.script(
    `${stage}
save_as(args[1])
scene.shaman_farm.tag = args[2]
scene.shaman_farm.priority_word = 'HIGH'
scene.shaman_farm.start_paused = True
scene.shaman_farm.reuse = True
scene.shaman_farm.job_name = 'by the button'
ended = click_submit()
tell('submitted', ended.result)
job = my_jobs.jobs()[0]

def act(action, expected):
    bpy.ops.shaman_farm.job_action(job_id=job.id, action=action)
    drive(expected, lambda: job.status == expected)
    return status_of(job)

my_jobs.ask_now()
tell('offered while paused', [a.name for a in my_jobs.actions_for(job)])
tell('resumed', act('RESUME', 'queued'))
tell('paused', act('PAUSE', 'paused'))
bpy.ops.shaman_farm.job_priority(job_id=job.id, priority=25)
drive('the priority', lambda: job.priority == 25)
tell('canceled', act('CANCEL', 'canceled'))
tell('requeued', act('REQUEUE', 'queued'))

import webbrowser
opened = []
webbrowser.open = opened.append
bpy.ops.shaman_farm.open_job(job_id=job.id)
tell('opened', opened)

bpy.ops.shaman_farm.forget_job(job_id=job.id)
tell('left', len(my_jobs.jobs()))
tell('gone', list(bpy.ops.shaman_farm.job_action(job_id=job.id, action='PAUSE')))
bpy.ops.shaman_farm.dismiss()
tell('dismissed', part('submission').current() is None)
`,
    { args: [farm.url, join(blender.dir, 'film', 'shot.blend'), tag.id!] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  const { job, url } = told.submitted as { job: { id: string }; url: string }
  const made = await farm.api.fetchJob({ params: { job_id: job.id } })
  assert.equal(made.name, 'by the button')
  assert.equal(made.priority, 25)
  assert.equal(made.worker_tag, tag.id)
  assert.equal(made.metadata?.['farm.reuse'], 'yes')
  assert.deepEqual(told['offered while paused'], ['RESUME', 'CANCEL'])
  assert.deepEqual(
    [told.resumed, told.paused, told.canceled, told.requeued],
    ['queued', 'paused', 'canceled', 'queued'],
  )
  assert.deepEqual(told.opened, [url])
  assert.equal(told.left, 0)
  assert.deepEqual(told.gone, ['CANCELLED'])
  assert.equal(told.dismissed, true)
})

test('what a job has rendered comes back into Blender', async (t) => {
  const blender = await startBlender(t)
  if (!blender) return
  const farm = await startFarm(t)
  farm.startWorker('outputs-test')
  const target = join(blender.dir, 'fetched')
  const outcome = await blender.script(
    `${stage}
small_render(2)
save_as(args[1])
ended = click_submit()
job = my_jobs.jobs()[0]
def is_done():
    my_jobs.ask_now()
    return job.status in my_jobs.ENDED
drive('the frames', is_done, 150)
tell('status', job.status)
tell('preview', os.path.getsize(job.image))

area = bpy.context.window_manager.windows[0].screen.areas[0]
area.type = 'IMAGE_EDITOR'
bpy.ops.shaman_farm.load_image(job_id=job.id)
drive('the image', lambda: area.spaces.active.image)
image = area.spaces.active.image
tell('image', [list(image.size), image.filepath, image.name])

tell('download', list(bpy.ops.shaman_farm.download(job_id=job.id, directory=args[2])))
# A second time nothing travels.
outputs = part('downloads').run(job, part('places').Path(args[2]))
tell('again', [outputs.files, outputs.already_there])
`,
    { args: [farm.url, join(blender.dir, 'film', 'shot.blend'), target] },
  )
  assert.equal(outcome.exitCode, 0, outcome.output)
  const { told } = outcome
  assert.equal(told.status, 'completed', farm.log.slice(-20).join('\n'))
  assert.match(outcome.output, /shot: completed/, 'Blender tells that the job has ended')
  assert.ok((told.preview as number) > 0)
  const [size, path, name] = told.image as [number[], string, string]
  assert.deepEqual(size, [96, 54])
  assert.match(path, /000002\.png$/)
  assert.equal(name, 'shot')
  assert.deepEqual(told.download, ['FINISHED'])
  const names = (await readdir(target, { recursive: true })).filter((file) => /\.\w+$/.test(file))
  const frame = names.find((file) => file.endsWith('000001.png'))!
  const rendered = await readFile(path.replace('000002', '000001'))
  assert.deepEqual(await readFile(join(target, frame)), rendered)
  assert.deepEqual(told.again, [0, names.length])
})
