import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createShamanClient, type UploadFile } from '@shaman-farm/shaman/client'
import { execa } from 'execa'
import type { Figure, QuestionContext } from '../harness/question.ts'
import { bareStore, bareSymlinks, copyAndSync, postEach, seconds, statEach } from './baselines.ts'
import { hashTree, makeTree } from './data.ts'
import type { StoreServer } from './server.ts'
import { ratio, startWarmStore, submit } from './submission.ts'

/** Many small files, new and again. */
export async function smallFiles(context: QuestionContext): Promise<Figure[]> {
  const count = context.quick ? 2000 : 10_000
  const dir = join(context.workDir, 'small')
  context.log(`${count} files of 4 KiB`)
  const paths = makeTree(dir, count, () => 4096)
  if (!context.quick) await restAfterRemovals(context)
  const inTurn = await takeTurns(context, dir, paths)
  const careless = await startWarmStore(context, 'small-none', 'none')
  try {
    const oneByOne = await seconds(() =>
      postEach(careless.url, hashTree(dir, paths), { connections: 1, checkout: 'one by one' }),
    )
    const again = await resubmissions(inTurn.store, inTurn.files, dir, paths, context)
    return [
      {
        name: `${count} x 4 KiB: requests`,
        value: inTurn.requests,
        unit: '',
        target: '3 and a few parallel tar streams',
        met: inTurn.requests <= 8,
        baseline: `Flamenco: ${2 * count + 2}`,
      },
      ratio(
        `${count} x 4 KiB, full: hash to checkout`,
        inTurn.ours,
        oneByOne,
        0.25,
        'one POST a file, one after another, no durability',
      ),
      ratio(
        `${count} x 4 KiB, full: hash to checkout`,
        inTurn.ours,
        inTurn.copied,
        3,
        'cp -r and sync -f',
        `Each blob is created, renamed and linked to, where cp makes one change of the file system: the calls for that alone, with reading and hashing, in one thread and without a network, take ${inTurn.bare.toFixed(2)} s. Client and server together take some 1.8 s of the two processors they share.`,
      ),
      {
        name: `${count} x 4 KiB: reading, hashing, writing, renaming, linking and syncing, bare and in one thread`,
        value: inTurn.bare,
        unit: 's',
      },
      ...again,
    ]
  } finally {
    await Promise.all([inTurn.store.stop(), careless.stop()])
  }
}

// As pack does.
const keptBytes = 64 << 20

interface InTurn {
  /** Seconds, the middle of all runs. */
  ours: number
  copied: number
  requests: number
  /** Of the calls that no store can do without. */
  bare: number
  /** The last run's store, and what it holds. */
  store: StoreServer
  files: UploadFile[]
}

/** Ours and the baseline one after another, each run into a store and a folder of its own; nothing is removed between. */
async function takeTurns(
  context: QuestionContext,
  dir: string,
  paths: readonly string[],
): Promise<InTurn> {
  const turns: InTurn[] = []
  for (let i = 0; i < (context.quick ? 1 : 5); i++) {
    await turns.at(-1)?.store.stop()
    const store = await startWarmStore(context, `small-store-${i}`, 'full')
    let requests = 0
    const ours = await seconds(async () => {
      const files = hashTree(dir, paths, { keep: keptBytes })
      requests = (await submit(store.url, files, 'first')).requests
    })
    const copied = await seconds(() => copyAndSync(dir, join(context.workDir, `small-copy-${i}`)))
    const files = hashTree(dir, paths)
    const bare = await seconds(() => bareStore(join(context.workDir, `small-bare-${i}`), files))
    context.log(
      `new: ${ours.toFixed(2)} s, cp and sync ${copied.toFixed(2)} s, bare calls ${bare.toFixed(2)} s`,
    )
    turns.push({ ours, copied, bare, requests, store, files })
  }
  const middle = (of: (turn: InTurn) => number): number =>
    turns.map(of).sort((a, b) => a - b)[Math.floor(turns.length / 2)]!
  return {
    ...turns.at(-1)!,
    ours: middle(({ ours }) => ours),
    copied: middle(({ copied }) => copied),
    bare: middle(({ bare }) => bare),
  }
}

/**
 * An ext4 without a journal uses no inode again for a minute after the removal of its file is written, and passes over those one by
 * one: after an earlier run has been cleared away, making files takes up to ten times as long, for everybody.
 */
async function restAfterRemovals({ workDir, log }: QuestionContext): Promise<void> {
  log('letting the disk rest for a minute')
  await execa('sync', ['-f', workDir])
  await sleep(61_000)
}

async function resubmissions(
  store: StoreServer,
  files: UploadFile[],
  dir: string,
  paths: string[],
  context: QuestionContext,
): Promise<Figure[]> {
  const runs = await medianOf(5, async (i) => {
    let requests = 0
    const ours = await seconds(async () => {
      statEach(dir, paths)
      requests = (await submit(store.url, files, `again ${i}`)).requests
    })
    const bare = await seconds(() => {
      statEach(dir, paths)
      bareSymlinks(join(store.dir, `bare ${i}`), join(store.dir, 'storage'), files)
    })
    const client = createShamanClient({ url: store.url })
    const checkout = await seconds(() => client.checkout({ files, path: `checkout ${i}` }))
    await client.close()
    return { ours, bare, checkout, requests }
  })
  context.log(
    `again: ${runs.ours.toFixed(3)} s, checkout alone ${runs.checkout.toFixed(3)} s, bare links ${runs.bare.toFixed(3)} s`,
  )
  return [
    {
      name: 'nothing changed: requests',
      value: runs.requests,
      unit: '',
      target: '2',
      met: runs.requests <= 2,
    },
    ratio(
      'nothing changed: stat to checkout',
      runs.ours,
      runs.bare,
      1.5,
      'stats and a bare symlink loop',
      'Every blob is looked at before it is published, and links and manifest are flushed to the disk before the answer; the bare loop does neither. Runs differ: 1.4 to 1.65.',
    ),
    ratio(
      `checkout of ${files.length} links, durable`,
      runs.checkout,
      runs.bare,
      2,
      'stats and a bare symlink loop',
    ),
  ]
}

async function medianOf<T extends Record<string, number>>(
  runs: number,
  measure: (i: number) => Promise<T>,
): Promise<T> {
  const all: T[] = []
  for (let i = 0; i < runs; i++) all.push(await measure(i))
  const middle = (key: string): number =>
    all.map((one) => one[key]!).sort((a, b) => a - b)[Math.floor(runs / 2)]!
  return Object.fromEntries(Object.keys(all[0]!).map((key) => [key, middle(key)])) as T
}
