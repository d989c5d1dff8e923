import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobLastRenderedImageInfo } from '@shaman-farm/manager-api'
import sharp from 'sharp'
import type { Farm } from '../farm.ts'
import type { JobCore } from '../jobs/jobs-store.ts'
import { FarmError } from '../problems.ts'

export const imageSizes = [
  { suffix: 'last-rendered.jpg', width: 1920, height: 1080 },
  { suffix: 'last-rendered-small.jpg', width: 600, height: 338 },
  { suffix: 'last-rendered-tiny.jpg', width: 200, height: 112 },
] as const

// Per job, so that one job that renders fast cannot crowd out the others' images.
const queuedPerJob = 3
const queuedInAll = 100
const thumbnailsPerJob = 2_000

export interface LastRendered {
  /** Takes an image for a job; throws when its queue is full. */
  add(item: RenderedImage): void
  infoOf(jobUuid: string): JobLastRenderedImageInfo | undefined
  /** Of whichever job rendered last. */
  latest(): JobLastRenderedImageInfo | undefined
  thumbnailUrl(jobUuid: string): string | undefined
  frameThumbnails(job: JobCore): { frame: number; url: string }[]
  /** Resolves when nothing is queued any more. */
  idle(): Promise<void>
}

export interface RenderedImage {
  job: JobCore
  image: Buffer
  frame: number | undefined
  worker: { id: string; name: string }
}

export function createLastRendered(farm: Farm): LastRendered {
  const queue: RenderedImage[] = []
  let working: Promise<void> | undefined
  const setLast = farm.db.prepare(
    `INSERT INTO last_rendered VALUES (1, @job, @now)
     ON CONFLICT (id) DO UPDATE SET job_id = @job, updated_at = @now`,
  )
  const getLast = farm.db.prepare<[], { uuid: string }>(
    'SELECT j.uuid FROM last_rendered l JOIN jobs j ON j.id = l.job_id',
  )
  const putThumbnail = farm.db.prepare(
    'INSERT OR REPLACE INTO thumbnails VALUES (@job, @frame, @sha, @now)',
  )
  const trimThumbnails = farm.db.prepare<{ job: number; keep: number }, { sha: string }>(
    `DELETE FROM thumbnails WHERE job_id = @job AND frame NOT IN
       (SELECT frame FROM thumbnails WHERE job_id = @job ORDER BY created_at DESC LIMIT @keep)
     RETURNING sha`,
  )
  const thumbnails = farm.db.prepare<[number], { frame: number; sha: string }>(
    'SELECT frame, sha FROM thumbnails WHERE job_id = ? ORDER BY frame',
  )

  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item; item = queue.shift()) {
      await process(item).catch((error: unknown) =>
        farm.log.warn({ err: error, job: item.job.uuid }, 'image not usable'),
      )
    }
    working = undefined
  }

  const process = async ({ job, image, frame, worker }: RenderedImage): Promise<void> => {
    const dir = farm.logs.jobDir(job.uuid)
    await mkdir(dir, { recursive: true })
    let last: Buffer = image
    for (const { suffix, width, height } of imageSizes) {
      last = await fitInside(last, width, height)
      await writeWhole(join(dir, suffix), last)
    }
    if (frame !== undefined) await keepFrame(job, frame, last)
    if (!farm.jobs.byUuid(job.uuid)) return
    farm.transaction(() => {
      setLast.run({ job: job.id, now: farm.now() })
      const thumbnail = infoAt(job.uuid)
      farm.publish({
        kind: 'last-rendered',
        data: { job_id: job.uuid, thumbnail, worker, ...(frame === undefined ? {} : { frame }) },
      })
    })
  }

  /** Named by content: such a URL never shows anything else, so it may be cached for ever. */
  const keepFrame = async (job: JobCore, frame: number, image: Buffer): Promise<void> => {
    const sha = createHash('sha256').update(image).digest('hex')
    const dir = join(farm.logs.jobDir(job.uuid), 'frames')
    await mkdir(dir, { recursive: true })
    await writeWhole(join(dir, `${sha}.jpg`), image)
    const dropped = farm.transaction(() => {
      putThumbnail.run({ job: job.id, frame, sha, now: farm.now() })
      return trimThumbnails.all({ job: job.id, keep: thumbnailsPerJob })
    })
    for (const { sha: old } of dropped) await rm(join(dir, `${old}.jpg`), { force: true })
  }

  const infoAt = (jobUuid: string): JobLastRenderedImageInfo => ({
    base: farm.logs.jobUrl(jobUuid),
    suffixes: imageSizes.map(({ suffix }) => suffix),
  })
  const tiny = imageSizes[2].suffix
  const hasImage = (jobUuid: string): boolean => existsSync(join(farm.logs.jobDir(jobUuid), tiny))

  return {
    add(item) {
      const queued = queue.filter(({ job }) => job.id === item.job.id).length
      if (queued >= queuedPerJob || queue.length >= queuedInAll) {
        throw new FarmError('IMAGE_QUEUE_FULL', 'Too many images are waiting; send a later one')
      }
      queue.push(item)
      working ??= work()
    },
    infoOf: (jobUuid) => (hasImage(jobUuid) ? infoAt(jobUuid) : undefined),
    latest() {
      const job = getLast.get()
      return job && hasImage(job.uuid) ? infoAt(job.uuid) : undefined
    },
    thumbnailUrl: (jobUuid) =>
      hasImage(jobUuid) ? `${farm.logs.jobUrl(jobUuid)}/${tiny}` : undefined,
    frameThumbnails: (job) =>
      thumbnails.all(job.id).map(({ frame, sha }) => ({
        frame,
        url: `${farm.logs.jobUrl(job.uuid)}/frames/${sha}.jpg`,
      })),
    idle: () => working ?? Promise.resolve(),
  }
}

function fitInside(image: Buffer, width: number, height: number): Promise<Buffer> {
  return sharp(image, { limitInputPixels: 268_402_689 })
    .flatten({ background: '#000' })
    .resize({ width, height, fit: 'inside', withoutEnlargement: true, kernel: 'lanczos3' })
    .jpeg({ quality: 85 })
    .toBuffer()
}

async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  await writeFile(`${path}~`, bytes)
  await rename(`${path}~`, path)
}
