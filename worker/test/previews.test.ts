import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createWorkerClient } from '@shaman-farm/manager-api/worker-client'
import { type Logger, pino } from 'pino'
import sharp from 'sharp'
import { type Previews, startPreviews } from '../src/previews.ts'
import { type StandIn, startStandIn } from './manager-stand-in.ts'
import { tempDir } from './temp.ts'

const taskId = '4b0a3d0e-0000-4000-8000-000000000000'

async function previewsFor(
  t: TestContext,
  manager: StandIn,
  log: Logger = pino({ level: 'silent' }),
): Promise<Previews> {
  const client = createWorkerClient({ url: manager.url, worker: await register(manager) })
  const previews = startPreviews({ client: () => client, log, busyMs: 20 })
  t.after(() => previews.close())
  return previews
}

async function register(manager: StandIn): Promise<{ uuid: string; secret: string }> {
  const body = { name: 'w', secret: 's', platform: 'linux', supported_task_types: [] }
  const { uuid } = await createWorkerClient({ url: manager.url }).registerWorker({ body })
  return { uuid, secret: 's' }
}

async function image(t: TestContext, name: string): Promise<string> {
  const file = join(await tempDir(t), name)
  await sharp({ create: { width: 64, height: 36, channels: 3, background: '#468' } }).toFile(file)
  return file
}

const shown = (manager: StandIn): (string | undefined)[] => manager.images.map(({ frame }) => frame)
const isUpload = (path: string): boolean => /\/output(-produced)?$/.test(path)

for (const name of ['frame.png', 'frame.jpg', 'frame.tiff', 'frame.webp']) {
  test(`${name} is shown as JPEG, with its frame`, async (t) => {
    const manager = await startStandIn(t)
    const previews = await previewsFor(t, manager)
    previews.offer({ taskId, file: await image(t, name), frame: 7 })
    await manager.until(() => manager.images.length === 1)
    assert.equal(manager.images[0]!.type, 'image/jpeg')
    assert.deepEqual(shown(manager), ['7'])
  })
}

test("Flamenco's manager is shown the image where it looks for one", async (t) => {
  const manager = await startStandIn(t, { holds: false })
  const previews = await previewsFor(t, manager)
  previews.offer({ taskId, file: await image(t, 'frame.png'), frame: 7 })
  await manager.until(() => manager.images.length === 1)
  assert.deepEqual(manager.requests.filter(isUpload).at(-1)?.split('/').at(-1), 'output-produced')
})

test('of the images that come while the manager has enough, the newest alone is shown later', async (t) => {
  const manager = await startStandIn(t)
  const previews = await previewsFor(t, manager)
  let refusals = 0
  let isBusy = true
  manager.fault = ({ url }) => {
    if (!isBusy || !isUpload(url.split('?')[0]!)) return undefined
    refusals += 1
    return 429
  }
  const file = await image(t, 'frame.png')
  previews.offer({ taskId, file, frame: 1 })
  await manager.until(() => refusals > 0)
  for (const frame of [2, 3, 4]) previews.offer({ taskId, file, frame })
  const before = refusals
  await manager.until(() => refusals > before)
  isBusy = false
  await manager.until(() => manager.images.length > 0)
  await previews.close()
  assert.deepEqual(shown(manager), ['4'])
})

test('what is no image, is broken, gone or refused is passed over, and the next one is shown', async (t) => {
  const manager = await startStandIn(t)
  const passedOver: string[] = []
  const write = (line: string): void => void passedOver.push(JSON.parse(line).file)
  const previews = await previewsFor(t, manager, pino({ level: 'debug' }, { write }))
  const dir = await tempDir(t)
  const names = ['frame.dpx', 'broken.exr', 'cut.png', 'gone.png']
  const [dpx, exr, cut, gone] = names.map((name) => join(dir, name))
  await writeFile(dpx!, 'SDPX')
  await writeFile(exr!, Buffer.from('762f310102000000', 'hex'))
  await writeFile(cut!, Buffer.from('89504e470d0a1a0a0000', 'hex'))
  const whole = await image(t, 'frame.png')
  let isRefusing = true
  manager.fault = ({ url }) => (isRefusing && isUpload(url.split('?')[0]!) ? 500 : undefined)
  previews.offer({ taskId, file: dpx! })
  for (const file of [exr!, cut!, gone!, whole]) {
    const before = passedOver.length
    previews.offer({ taskId, file })
    await manager.until(() => passedOver.length > before)
  }
  isRefusing = false
  previews.offer({ taskId, file: whole, frame: 9 })
  await manager.until(() => manager.images.length > 0)
  assert.deepEqual(passedOver, [exr, cut, gone, whole])
  assert.deepEqual(shown(manager), ['9'])
})
