import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Farm, startFarm } from '../../test/farm.ts'
import { stage, startBlender } from './blender.ts'
import { startGateway } from './gateway.ts'
import { openWindow, type Window } from './window.ts'

// Where screenshots go when they are wanted: they are kept by hand, once they have been looked at.
const pictures = process.env.ADDON_PICTURES

// In a window of fixed size the panel's buttons stay where they are; what a click did is asserted by its effect.
const places = {
  submit: [1474, 779],
  cancel: [1474, 863],
  submitWithout: [1474, 930],
  showFrame: [1525, 959],
} as const

test('an artist submits with real clicks, sees the job finish and looks at a frame', async (t) => {
  const { farm, window, dir } = await openStage(t)
  if (!window) return
  await window.told('panel')
  await picture(window, 'addon-panel')

  await window.clickUntil(places.submit, 'started')
  const missing = (await window.told('question')) as string[]
  assert.deepEqual(missing, [join(dir, 'film', 'gone.png')])
  await picture(window, 'addon-missing')

  await window.clickUntil(places.submitWithout, 'decided')
  const submitted = (await window.told('ended submitted')) as { job: { id: string } }
  const job = await farm.api.fetchJob({ params: { job_id: submitted.job.id } })
  assert.equal(job.name, 'shot 010')
  await picture(window, 'addon-submitted')

  farm.startWorker('window-test')
  assert.match(String(await window.told('completed')), /\.(jpg|png)$/)
  await picture(window, 'addon-done')
  await window.clickUntil(places.showFrame, 'image')
  const [size, path] = (await window.told('image')) as [number[], string]
  assert.deepEqual(size, [96, 54])
  assert.match(path, /000003\.png$/)
  await picture(window, 'addon-frame')
})

test('an artist cancels with a real click, and no job is made', async (t) => {
  const { farm, window } = await openStage(t, { largeBytes: 40_000_000 })
  if (!window) return
  await window.told('panel')
  await window.clickUntil(places.submit, 'started')
  const fraction = (await window.told('uploading')) as number
  assert.ok(fraction < 1)
  await picture(window, 'addon-uploading')
  await window.clickUntil(places.cancel, 'canceling')
  const { code } = (await window.told('ended error')) as { code: string }
  assert.equal(code, 'CANCELED')
  await picture(window, 'addon-canceled')
  assert.equal((await farm.api.fetchJobs({})).jobs.length, 0)
})

test('what a script has changed in a window is sent, though Blender holds the scene for saved', async (t) => {
  const farm = await startFarm(t)
  const blender = await startBlender(t)
  if (!blender) return
  const args = [farm.url, join(blender.dir, 'film', 'shot.blend')]
  const window = await openWindow(t, blender, stage('changed'), args)
  if (!window) return
  assert.deepEqual(await window.told('held for saved'), [true, true])
  for (const name of ['unchanged', 'changed']) {
    const { checkout } = (await window.told(name)) as { checkout: string }
    const sent = await readFile(join(farm.dir, 'storage/jobs', checkout, 'shot.blend'))
    assert.equal(sent.includes('RENAMED_BY_A_SCRIPT'), name === 'changed', name)
  }
})

async function openStage(
  t: TestContext,
  { largeBytes = 0 } = {},
): Promise<{ farm: Farm; window: Window | undefined; dir: string }> {
  const farm = await startFarm(t)
  const blender = await startBlender(t)
  if (!blender) return { farm, window: undefined, dir: '' }
  const slow = { bytesPerSecond: 1_000_000 }
  const url = largeBytes > 0 ? await startGateway(t, farm.url, slow) : farm.url
  const args = [url, join(blender.dir, 'film', 'shot 010.blend'), `${largeBytes}`]
  return { farm, window: await openWindow(t, blender, stage('window'), args), dir: blender.dir }
}

async function picture(window: Window, name: string): Promise<void> {
  if (pictures) await window.picture(join(pictures, `${name}.png`))
}
