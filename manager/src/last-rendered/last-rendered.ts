import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { JobFrames, JobLastRenderedImageInfo } from '@shaman-farm/manager-api'
import sharp from 'sharp'
import type { Farm } from '../farm.ts'
import type { JobCore } from '../jobs/jobs-store.ts'
import { FarmError } from '../problems.ts'
import { createThumbnailsStore } from './thumbnails-store.ts'

export const imageSizes = [
  { suffix: 'last-rendered.jpg', width: 1920, height: 1080 },
  { suffix: 'last-rendered-small.jpg', width: 600, height: 338 },
  { suffix: 'last-rendered-tiny.jpg', width: 200, height: 112 },
] as const

// Per job, so that one job that renders fast cannot crowd out the others' images.
const queuedPerJob = 3
const queuedInAll = 100
/** Frames that have one, each with the one before it: some 50 MB where all were rendered twice. */
const picturesPerJob = 1_000

export interface LastRendered {
  /** Takes an image for a job; throws when its queue is full. */
  add(item: RenderedImage): void
  infoOf(jobUuid: string): JobLastRenderedImageInfo | undefined
  /** Of whichever job rendered last. */
  latest(): JobLastRenderedImageInfo | undefined
  /** Of the job's newest picture: another picture has another URL. */
  thumbnailUrl(job: JobCore): string | undefined
  frameThumbnails(job: JobCore): JobFrames['thumbnails']
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
  const thumbnails = createThumbnailsStore(farm.db, picturesPerJob)

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
    const sizes: Buffer[] = []
    for (const { suffix, width, height } of imageSizes) {
      sizes.push(await fitInside(sizes.at(-1) ?? image, width, height))
      await writeWhole(join(dir, suffix), sizes.at(-1)!)
    }
    const [, small, tiny] = sizes
    const newest = await keepPicture(job, tiny!)
    const framed = frame === undefined ? undefined : { frame, sha: await keepPicture(job, small!) }
    if (!farm.jobs.byUuid(job.uuid)) return
    const unnamed = farm.transaction(() => {
      const now = farm.now()
      setLast.run({ job: job.id, now })
      const data = {
        job_id: job.uuid,
        thumbnail: infoAt(job.uuid),
        picture: pictureUrl(job.uuid, newest),
        worker,
        ...(frame === undefined ? {} : { frame }),
      }
      farm.publish({ kind: 'last-rendered', data })
      return thumbnails.put({ job: job.id, newest, framed, now })
    })
    for (const one of unnamed) await rm(picturePath(job.uuid, one), { force: true })
  }

  const picturePath = (jobUuid: string, sha: string): string =>
    join(farm.logs.jobDir(jobUuid), 'frames', `${sha}.jpg`)
  const pictureUrl = (jobUuid: string, sha: string): string =>
    `${farm.logs.jobUrl(jobUuid)}/frames/${sha}.jpg`

  /** Named by content: such a URL never shows anything else, so it may be cached for ever. */
  const keepPicture = async (job: JobCore, image: Buffer): Promise<string> => {
    const sha = createHash('sha256').update(image).digest('hex')
    const path = picturePath(job.uuid, sha)
    await mkdir(dirname(path), { recursive: true })
    await writeWhole(path, image)
    return sha
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
    thumbnailUrl(job) {
      const sha = thumbnails.newest(job.id)
      return sha === undefined ? undefined : pictureUrl(job.uuid, sha)
    },
    frameThumbnails: (job) =>
      thumbnails.ofFrames(job.id).map(({ frame, sha, previous_sha: previous }) => ({
        frame,
        url: pictureUrl(job.uuid, sha),
        ...(previous ? { previous: pictureUrl(job.uuid, previous) } : {}),
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
