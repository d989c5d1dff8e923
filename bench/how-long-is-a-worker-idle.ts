import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import { createShamanClient, type UploadFile } from '@shaman-farm/shaman/client'
import { execa } from 'execa'
import { startManager } from './harness/manager-process.ts'
import { quantile } from './harness/quantile.ts'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'
import { hashInThreads, makeTree } from './how-fast-is-shaman/data.ts'
import { residentMib, runTasks, startWorker } from './how-long-is-a-worker-idle/worker-at-work.ts'

export const question = 'How long is a worker idle, and how fast does it get its files?'

const plain = join(import.meta.dirname, 'how-long-is-a-worker-idle/plain-download.ts')

/** Real workers against a real manager, each a process of its own; tasks that do nothing show what is around them. */
export async function run(context: QuestionContext): Promise<Answer> {
  const manager = await startManager(join(context.workDir, 'manager'))
  const client = createManagerClient({ url: manager.url })
  try {
    const files = await makeFiles(context)
    const checkouts = await submitTwice(manager.url, files)
    const idle = await measureIdle(client, context)
    const pulled = await measurePulling(client, checkouts, context)
    const bytes = files.reduce((sum, { digest }) => sum + digest.size, 0)
    return answer({ ...idle, ...pulled, files: files.length, bytes })
  } finally {
    await manager.stop()
  }
}

async function makeFiles(context: QuestionContext): Promise<UploadFile[]> {
  const count = context.quick ? 1_000 : 5_000
  const dir = join(context.workDir, 'project')
  // Of 20 KB to 410 KB, 1 GiB in all.
  const paths = makeTree(dir, count, (i) => 20_000 + ((i * 7919) % 390_000))
  return hashInThreads(dir, paths)
}

/** The same files as two checkouts: the second finds a warm cache and no tree. */
async function submitTwice(url: string, files: UploadFile[]): Promise<[string, string]> {
  const client = createShamanClient({ url })
  try {
    const first = await client.submit({ files, checkoutPath: 'first' })
    const second = await client.submit({ files, checkoutPath: 'second' })
    return [first.checkoutPath, second.checkoutPath]
  } finally {
    await client.close()
  }
}

interface Idle {
  gaps: number[]
  turns: number[]
}

async function measureIdle(client: ManagerClient, context: QuestionContext): Promise<Idle> {
  const worker = startWorker(client.url, join(context.workDir, 'idle'), 'auto')
  try {
    const { gaps, turns } = await runTasks(client, context.quick ? 100 : 500)
    context.log(`${gaps.length} tasks, idle ${quantile(gaps, 0.5)} ms between them`)
    return { gaps, turns }
  } finally {
    await worker.stop()
  }
}

interface Pulling {
  coldMs: number[]
  plainMs: number[]
  warmMs: number[]
  /** A task's turn when its files are there. */
  pulledTurns: number[]
  memory: { now: number; peak: number }
}

/** Cold caches and plain downloads take turns. */
async function measurePulling(
  client: ManagerClient,
  [first, second]: [string, string],
  context: QuestionContext,
): Promise<Pulling> {
  const found: Pulling = {
    coldMs: [],
    plainMs: [],
    warmMs: [],
    pulledTurns: [],
    memory: { now: 0, peak: 0 },
  }
  for (let round = 1; round <= (context.quick ? 1 : 3); round += 1) {
    const home = join(context.workDir, `pulling-${round}`)
    const worker = startWorker(client.url, home, 'pull')
    try {
      const cold = await runTasks(client, 20, first)
      const warm = await runTasks(client, 20, second)
      if (!cold.files?.bytes || !warm.files || warm.files.bytes > 0) {
        throw new Error('the worker did not fetch its files, or fetched them twice')
      }
      found.coldMs.push(cold.files.ms)
      found.warmMs.push(warm.files.ms)
      found.pulledTurns.push(...warm.turns.slice(1))
      const { now, peak } = await residentMib(worker.pid)
      found.memory = {
        now: Math.max(now, found.memory.now),
        peak: Math.max(peak, found.memory.peak),
      }
      found.plainMs.push(await plainDownload(cold.files.bytes, join(context.workDir, 'plain')))
      context.log(`cold ${cold.files.ms} ms, plain ${Math.round(found.plainMs.at(-1)!)} ms`)
    } finally {
      // Its files stay until all is measured: ext4 passes over inodes freed in the last minutes one by one, and making files
      // would take each later round several times as long.
      await worker.stop()
    }
  }
  return found
}

/** What loopback and this disk give at best, in ms: one stream into one file, neither hashed nor synced. */
async function plainDownload(bytes: number, file: string): Promise<number> {
  const server = spawn(process.execPath, [plain, 'serve', String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [url] = (await once(server.stdout, 'data')) as [Buffer]
    const { stdout } = await execa(process.execPath, [plain, 'fetch', String(url).trim(), file])
    return Number(stdout)
  } finally {
    server.kill()
    await rm(file, { force: true })
  }
}

function answer(facts: Idle & Pulling & { files: number; bytes: number }): Answer {
  const { gaps, turns, pulledTurns, memory, bytes } = facts
  const idleMs = quantile(gaps, 0.5)
  const coldMs = quantile(facts.coldMs, 0.5)
  const plainMs = quantile(facts.plainMs, 0.5)
  const warmMs = quantile(facts.warmMs, 0.5)
  const share = (100 * plainMs) / coldMs
  const size = `${facts.files} files, ${Math.round(bytes / 2 ** 20)} MiB`
  const speed = (ms: number): string => `${Math.round(bytes / 1e3 / ms)} MB/s`
  const below = (name: string, value: number, unit: string, most: number, more = {}): Figure => ({
    ...{ name, value, unit, target: `< ${most}`, met: value < most },
    ...more,
  })
  const flamenco = { baseline: 'Flamenco: about 5 s' }
  return {
    tables: [],
    figures: [
      below('idle between two tasks of a job, median', idleMs, 'ms', 100, flamenco),
      below('the same, 99 %', quantile(gaps, 0.99), 'ms', 100),
      below('a whole task that does nothing', quantile(turns, 0.5), 'ms', 100),
      below(`the same with ${size} pulled`, quantile(pulledTurns, 0.5), 'ms', 100),
      below(`checkout of ${size} into a warm cache`, warmMs / 1000, 's', 2),
      {
        name: `${size} into an empty cache, verified, of a plain download into one file`,
        value: share,
        unit: '%',
        target: '>= 70',
        met: share >= 70,
        baseline: `${speed(coldMs)} against ${speed(plainMs)}`,
        cause:
          'reading, sending, receiving, hashing and writing files of their own takes 4 to 5 s of processor time a GiB, on two processors',
      },
      below('memory of a worker after that', memory.now, 'MiB', 120),
      below('the same, at most', memory.peak, 'MiB', 120),
    ],
  }
}
