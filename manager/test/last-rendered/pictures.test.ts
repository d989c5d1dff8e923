import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { createLastRendered } from '../../src/last-rendered/last-rendered.ts'
import { createThumbnailsStore } from '../../src/last-rendered/thumbnails-store.ts'
import { addJob, openTestFarm } from '../test-farm.ts'

const worker = { id: 'w', name: 'node-01' }

function plain(background: string): Promise<Buffer> {
  return sharp({ create: { width: 32, height: 18, channels: 3, background } })
    .png()
    .toBuffer()
}

test('a frame rendered again keeps the picture before, and no older file stays', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a', frames: '1-2' }])
  const pictures = createLastRendered(farm)
  const render = async (frame: number | undefined, color: string): Promise<string> => {
    pictures.add({ job, frame, worker, image: await plain(color) })
    await pictures.idle()
    return pictures.thumbnailUrl(job)!
  }
  const files = (): Promise<string[]> => readdir(join(farm.logs.jobDir(job.uuid), 'frames'))
  const ofFrame = (frame: number) =>
    pictures.frameThumbnails(job).find((one) => one.frame === frame)!
  const red = await render(1, '#f00')
  const { url: redFrame } = ofFrame(1)
  const green = await render(1, '#0f0')
  assert.notEqual(red, green)
  const { url: greenFrame, previous } = ofFrame(1)
  assert.equal(previous, redFrame)
  await render(1, '#0f0')
  assert.deepEqual(ofFrame(1), { frame: 1, url: greenFrame, previous: redFrame })
  await render(1, '#00f')
  assert.equal(ofFrame(1).previous, greenFrame)
  assert.ok(!(await files()).includes(redFrame.split('/').at(-1)!))
  await render(undefined, '#ff0')
  await render(2, '#0f0')
  assert.equal(ofFrame(2).url, greenFrame)
  const named = [pictures.thumbnailUrl(job)!, ofFrame(1).url, ofFrame(1).previous!]
  assert.deepEqual(new Set(await files()), new Set(named.map((url) => url.split('/').at(-1))))
})

test('of more frames than are kept the oldest picture goes, unless another frame shows the same', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a', frames: '1-9' }])
  const store = createThumbnailsStore(farm.db, 2)
  const put = (frame: number, sha: string): string[] =>
    store.put({ job: job.id, newest: `small ${sha}`, framed: { frame, sha }, now: frame })
  assert.deepEqual(put(1, 'black'), [])
  assert.deepEqual(put(2, 'black'), [])
  assert.deepEqual(put(3, 'grey'), ['small black'])
  assert.deepEqual(put(4, 'white'), ['black', 'small grey'])
  assert.deepEqual(
    store.ofFrames(job.id).map(({ frame }) => frame),
    [4, 3],
  )
  assert.equal(store.newest(job.id), 'small white')
})

test('a job that renders fast is told to wait, and keeps no other one waiting', async (t) => {
  const farm = openTestFarm(t)
  const fast = await addJob(farm, [{ name: 'a', frames: '1-9' }])
  const slow = await addJob(farm, [{ name: 'a', frames: '1-9' }])
  const pictures = createLastRendered(farm)
  const image = await plain('#0f0')
  const offer = (job: typeof fast, frame: number) => pictures.add({ job, frame, worker, image })
  let taken = 0
  const crowd = () => {
    for (; taken < 100; taken += 1) offer(fast, taken + 1)
  }
  assert.throws(crowd, { code: 'IMAGE_QUEUE_FULL' })
  offer(slow, 5)
  await pictures.idle()
  const frames = (job: typeof fast) =>
    pictures
      .frameThumbnails(job)
      .map(({ frame }) => frame)
      .toSorted((a, b) => a - b)
  assert.deepEqual(frames(slow), [5])
  assert.deepEqual(
    frames(fast),
    Array.from({ length: taken }, (_, i) => i + 1),
  )
  assert.equal(pictures.latest()?.base, farm.logs.jobUrl(slow.uuid))
  offer(fast, 9)
  await pictures.idle()
  assert.equal(pictures.latest()?.base, farm.logs.jobUrl(fast.uuid))
})

test('a picture is there in three sizes, none larger than what was rendered', async (t) => {
  const farm = openTestFarm(t)
  const job = await addJob(farm, [{ name: 'a' }])
  const pictures = createLastRendered(farm)
  for (const format of ['png', 'jpeg', 'tiff', 'webp'] as const) {
    const image = await sharp({
      create: { width: 2000, height: 500, channels: 3, background: '#00f' },
    })
      .toFormat(format)
      .toBuffer()
    pictures.add({ job, frame: 1, worker, image })
    await pictures.idle()
    const { suffixes } = pictures.infoOf(job.uuid)!
    const sizes = await Promise.all(
      suffixes.map(async (suffix) => {
        const {
          format: as,
          width,
          height,
        } = await sharp(join(farm.logs.jobDir(job.uuid), suffix)).metadata()
        return `${as} ${width}x${height}`
      }),
    )
    assert.deepEqual(sizes, ['jpeg 1920x480', 'jpeg 600x150', 'jpeg 200x50'], format)
  }
})
