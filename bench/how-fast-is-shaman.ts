import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfFile } from '@shaman-farm/shaman'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'
import { diskSpeed, postEach, rsyncWithFsync, seconds } from './how-fast-is-shaman/baselines.ts'
import {
  hashInThreads,
  hashTree,
  makeFile,
  makeTree,
  sha256Speed,
} from './how-fast-is-shaman/data.ts'
import { startStore } from './how-fast-is-shaman/server.ts'
import { smallFiles } from './how-fast-is-shaman/small-files.ts'
import { ratio, startWarmStore, submit } from './how-fast-is-shaman/submission.ts'

export const question = 'How fast is Shaman, and does it beat the obvious ways?'

/** Each figure with its baseline of the same run; the store runs in a process of its own with durability `full`. */
export async function run(context: QuestionContext): Promise<Answer> {
  const figures = [
    ...(await smallFiles(context)),
    ...(await project(context)),
    ...(await oneLargeFile(context)),
    ...(await manyClients(context)),
  ]
  return { tables: [], figures }
}

async function project(context: QuestionContext): Promise<Figure[]> {
  const count = context.quick ? 300 : 3000
  const dir = join(context.workDir, 'project')
  context.log(`a project of ${count} textures and a .blend`)
  const paths = makeTree(dir, count, (i) => 200_000 + ((i * 7919) % 800_000))
  makeFile(join(dir, 'shot.blend'), context.quick ? 20 << 20 : 200 << 20)
  const all = [...paths, 'shot.blend']
  const store = await startWarmStore(context, 'project-store', 'full')
  const careless = await startWarmStore(context, 'project-none', 'none')
  try {
    const ours = await seconds(async () =>
      submit(store.url, await hashInThreads(dir, all), 'project'),
    )
    const synced = await seconds(() => rsyncWithFsync(dir, join(context.workDir, 'project-copy')))
    const eight = await seconds(async () =>
      postEach(careless.url, await hashInThreads(dir, all), { connections: 8, checkout: 'eight' }),
    )
    return [
      ratio(
        'a project, full: hash to checkout',
        ours,
        synced,
        1,
        'rsync --fsync',
        'Client and server share two processors here and take some 10 s of them: every byte is hashed twice and goes through a socket, which rsync from folder to folder does not do. Where the disk is the slower part, rsync is slower.',
      ),
      ratio(
        'a project, full: hash to checkout',
        ours,
        eight,
        1,
        '8 connections of one POST a file, no durability',
      ),
    ]
  } finally {
    await Promise.all([store.stop(), careless.stop()])
    await Promise.all(
      ['project', 'project-store', 'project-none', 'project-copy'].map((name) =>
        rm(join(context.workDir, name), { recursive: true }),
      ),
    )
  }
}

async function oneLargeFile(context: QuestionContext): Promise<Figure[]> {
  const bytes = context.quick ? 256 << 20 : 4 * 2 ** 30
  const file = join(context.workDir, 'large.vdb')
  context.log(`one file of ${bytes / 2 ** 20} MiB`)
  makeFile(file, bytes)
  const digest = await digestOfFile(file)
  const store = await startWarmStore(context, 'large-store', 'full')
  try {
    const disk = diskSpeed(join(context.workDir, 'disk.bin'), bytes)
    const took = await seconds(() =>
      submit(store.url, [{ path: 'large.vdb', digest, source: { file } }], 'large'),
    )
    // Before and after: a disk may be quicker while it has rested.
    const tired = diskSpeed(join(context.workDir, 'disk.bin'), bytes)
    const sha = sha256Speed()
    const speed = bytes / took
    const limit = Math.min(sha, 2 / (1 / disk + 1 / tired))
    return [
      {
        name: 'one large file, of the slower of SHA-256 and disk',
        value: (100 * speed) / limit,
        unit: '%',
        target: '>= 80',
        met: speed >= 0.8 * limit,
        baseline: `${mb(speed)} MB/s; one core's SHA-256 ${mb(sha)}, disk with fsync ${mb(disk)} before and ${mb(tired)} after`,
        cause:
          'Client and server share two processors, which read, send, receive, copy, hash and write each byte: with a disk that takes 1 GB/s they are the slower part. A disk that is slower in one write than in the next (see the two figures) shows, too.',
      },
      {
        name: 'memory of the server above idle, before it had any work, in that upload',
        value: store.peakMiB() - store.idleMiB,
        unit: 'MiB',
        target: '< 150',
        met: store.peakMiB() - store.idleMiB < 150,
      },
    ]
  } finally {
    await store.stop()
    await rm(file)
  }
}

async function manyClients(context: QuestionContext): Promise<Figure[]> {
  const count = context.quick ? 200 : 1000
  const dir = join(context.workDir, 'shared')
  context.log(`8 clients at once with the same ${count} files`)
  const paths = makeTree(dir, count, () => 256 * 1024)
  const files = hashTree(dir, paths)
  const store = await startStore(join(context.workDir, 'shared-store'), 'full')
  try {
    const receipts = await Promise.all(
      Array.from({ length: 8 }, (_, i) => submit(store.url, files, `artist ${i}`, `client ${i}`)),
    )
    const sent = receipts.reduce((sum, receipt) => sum + receipt.wireBytes, 0)
    const once = count * 256 * 1024
    return [
      {
        name: '8 clients, the same project: sent more than once',
        value: (100 * (sent - once)) / once,
        unit: '%',
        target: '< 1 (and tar headers)',
        met: sent < 1.015 * once,
      },
    ]
  } finally {
    await store.stop()
  }
}

function mb(bytesPerSecond: number): string {
  return (bytesPerSecond / 1e6).toFixed(0)
}
