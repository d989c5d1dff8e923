import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import { hostileScripts } from '../../manager/test/job-types/hostile-scripts.ts'
import type { ManagerProcess } from '../harness/manager-process.ts'
import type { QuestionContext } from '../harness/question.ts'
import { worstLoopDelayMs } from './manager-facts.ts'

export interface Delay {
  script: string
  delayMs: number
  /** How late this process was meanwhile, which does nothing but wait: what the machine alone does to one. */
  bystanderMs: number
}

export interface Hostile {
  scripts: number
  /** Scripts that were not refused. */
  taken: string[]
  idleDelayMs: number
  worst: Delay
}

/** One of each kind that is soon over: most endless ones take all of the ten seconds that they get. */
const quickNames = [
  'an endless loop at the top of the file',
  'a string of 10 GiB',
  'endless recursion',
  'a circle of parameters',
]

/** To be called before the manager starts; its own scripts lie in its data folder. */
export async function writeHostileScripts(dataDir: string): Promise<void> {
  const dir = join(dataDir, 'scripts')
  await mkdir(dir, { recursive: true })
  for (const [i, { script }] of hostileScripts.entries()) {
    await writeFile(join(dir, `hostile_${i}.js`), script)
  }
}

/** Each script is submitted to; the manager tells how late its event loop was meanwhile. */
export async function measureHostile(
  { url }: ManagerProcess,
  context: QuestionContext,
): Promise<Hostile> {
  const client = createManagerClient({ url, timeoutMs: 120_000 })
  await worstLoopDelayMs(url)
  await sleep(2_000)
  const idleDelayMs = await worstLoopDelayMs(url)
  const scripts = [...hostileScripts.entries()].filter(
    ([, { name }]) => !context.quick || quickNames.includes(name),
  )
  const taken: string[] = []
  const bystander = monitorEventLoopDelay({ resolution: 10 })
  bystander.enable()
  let worst: Delay = { script: '', delayMs: 0, bystanderMs: 0 }
  for (const [i, { name }] of scripts) {
    bystander.reset()
    if (!(await isRefused(client, `hostile-${i}`))) taken.push(name)
    const bystanderMs = bystander.max / 1e6
    const delayMs = await worstLoopDelayMs(url)
    if (delayMs > worst.delayMs) worst = { script: name, delayMs, bystanderMs }
  }
  bystander.disable()
  context.log(`${scripts.length} hostile scripts: at worst ${worst.delayMs.toFixed(0)} ms`)
  return { scripts: scripts.length, taken, idleDelayMs, worst }
}

async function isRefused(client: ManagerClient, type: string): Promise<boolean> {
  const body = { name: type, type, priority: 50, submitter_platform: 'linux', settings: {} }
  const answer = await client.request('submitJob', { body })
  return (answer as { status: number }).status !== 200
}
