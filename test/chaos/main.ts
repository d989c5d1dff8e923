// npm run chaos [-- --minutes 10 --seed N --workers 3]: a farm under random faults, then an audit.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeProject } from '@shaman-farm/bin/demo-project'
import { formatDuration } from '@shaman-farm/terminal'
import { runFarm } from '../farm.ts'
import {
  auditJobs,
  auditProcesses,
  auditStore,
  type Expected,
  type Findings,
  resourcesOf,
} from './audit.ts'
import { type ChaosFarm, startChaosFarm } from './farm.ts'
import { type Chance, chanceFrom } from './random.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    workers: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(`npm run chaos [-- --minutes 10 --seed N --workers 3]
Runs a farm while killing and pausing its parts, breaking their network and filling their disk at random, then audits jobs,
frames, store and processes. The seed that is printed gives the same order of faults again.`)
  process.exit(0)
}

// A leak of one per request or job would be far above these after some minutes.
const mostDescriptors = 300
const mostResidentMiB = 500

const seed = Number(values.seed ?? Date.now() % 1_000_000)
const started = Date.now()
const say = (line: string): void =>
  console.log(`${formatDuration(Date.now() - started).padStart(8)}  ${line}`)
const counts: Record<string, number> = {}

const dir = await mkdtemp(join(tmpdir(), 'farm-chaos-'))
const disk = await smallDisk(join(dir, 'disk'))
const project = await makeProject({ into: join(dir, 'project'), say })
const farm = await startChaosFarm({
  dir,
  // Of its own: what the wire asks depends on what is said on it, and the order of faults must not.
  wireChance: chanceFrom(seed + 2),
  storage: join(disk.path, 'storage'),
  workers: Number(values.workers),
})
say(`seed ${seed}; farm at ${farm.url}`)
const expected: Expected[] = []
const faults = faultsOn(farm)
try {
  const until = Date.now() + Number(values.minutes) * 60_000
  await Promise.all([submitUntil(until, chanceFrom(seed + 1)), breakUntil(until, chanceFrom(seed))])
  say(`no more faults; waiting for ${expected.length} jobs`)
  await settled(farm)
  const findings = await requeueAfterFullDisk(farm)
  await settled(farm)
  const { descriptors, residentMiB } = resourcesOf(farm.managerPid())
  say(`the manager holds ${descriptors} descriptors and ${residentMiB} MiB`)
  findings.push(
    ...(await auditJobs(farm.api, expected)),
    ...(await auditStore(join(disk.path, 'storage'))),
  )
  if (descriptors > mostDescriptors) findings.push(`the manager holds ${descriptors} descriptors`)
  if (residentMiB > mostResidentMiB) findings.push(`the manager holds ${residentMiB} MiB`)
  await farm.stop()
  await sleep(2000)
  conclude([...findings, ...auditProcesses(dir)])
} finally {
  await farm.stop().catch(() => {})
  await disk.remove()
  await rm(dir, { recursive: true, force: true, maxRetries: 5 })
}

async function submitUntil(until: number, chance: Chance): Promise<void> {
  while (Date.now() < until) {
    const isRender = chance.next() < 0.4
    const frames = Math.ceil(chance.between(1, 6))
    try {
      const jobId = isRender ? await submitRender(frames) : await submitEcho()
      expected.push({ jobId, kind: isRender ? 'render' : 'echo', frames })
    } catch (error) {
      // A submission that fails while the farm is broken is told to the artist, who tries again.
      counts['submissions refused'] = (counts['submissions refused'] ?? 0) + 1
      if (process.env.FARM_CHAOS_VERBOSE) say(`refused: ${(error as Error).message.slice(0, 300)}`)
    }
    await sleep(chance.between(3000, 9000))
  }
}

async function submitRender(frames: number): Promise<string> {
  const args = [
    'submit',
    project.blend,
    '--manager',
    farm.url,
    '--frames',
    `1-${frames}`,
    '--missing',
    'fail',
    '--json',
  ]
  const result = await runFarm(args)
  const last = JSON.parse(result.stdout.split('\n').at(-1) || '{}') as {
    job?: { id: string }
    message?: string
  }
  if (!last.job) throw new Error(last.message ?? result.stderr)
  return last.job.id
}

async function submitEcho(): Promise<string> {
  const settings = { message: 'still here', sleep_duration_seconds: 1, sleep_repeats: 4 }
  const body = {
    name: 'echo',
    type: 'echo-sleep-test',
    priority: 50,
    submitter_platform: 'linux',
    settings,
  }
  return (await farm.api.submitJob({ body })).id
}

async function breakUntil(until: number, chance: Chance): Promise<void> {
  while (Date.now() < until) {
    await sleep(chance.between(2000, 10_000))
    const fault = chance.pick(faults)
    say(fault.name)
    counts[fault.name] = (counts[fault.name] ?? 0) + 1
    await fault.act(chance)
  }
}

function faultsOn(target: ChaosFarm): { name: string; act(chance: Chance): Promise<void> }[] {
  return [
    { name: 'kill a worker', act: (chance) => target.kill(chance.pick(target.workerNames)) },
    { name: 'kill the manager', act: () => target.kill('manager') },
    {
      name: 'pause a worker',
      act: (chance) => target.pause(chance.pick(target.workerNames), chance.between(500, 5000)),
    },
    {
      name: 'pause the manager',
      act: (chance) => target.pause('manager', chance.between(500, 3000)),
    },
    { name: 'cut the network', act: async (chance) => target.wire.cut(chance.between(500, 8000)) },
    {
      name: 'delay and truncate on the network',
      act: async (chance) => target.wire.disturb(chance.between(2000, 15_000)),
    },
    ...(disk.isSmall
      ? [{ name: 'fill the disk', act: (chance: Chance) => disk.fill(chance.between(1000, 4000)) }]
      : []),
  ]
}

async function settled(target: ChaosFarm): Promise<void> {
  const until = Date.now() + 10 * 60_000
  while (Date.now() < until) {
    const { jobs } = await target.api.fetchJobs()
    const open = jobs.filter(
      (job) => !['completed', 'failed', 'canceled', 'paused'].includes(job.status),
    )
    if (open.length === 0) return
    await sleep(1000)
  }
}

// A full disk may fail a job, and a wrangler then requeues it; no other fault may.
async function requeueAfterFullDisk(target: ChaosFarm): Promise<Findings> {
  const findings: Findings = []
  const { jobs } = await target.api.fetchJobs()
  for (const job of jobs.filter(({ status }) => status === 'failed')) {
    const log = await logsOfTrouble(target, job.id)
    if (!/no space left|ENOSPC|disk is full|STORE_FULL/i.test(log))
      findings.push(`job ${job.id} failed without a full disk:\n${log}`)
    await target.api.setJobStatus({
      params: { job_id: job.id },
      body: { status: 'requeueing', reason: 'the disk has room again' },
    })
    counts['jobs requeued after a full disk'] = (counts['jobs requeued after a full disk'] ?? 0) + 1
  }
  return findings
}

async function logsOfTrouble(target: ChaosFarm, jobId: string): Promise<string> {
  const { tasks = [] } = await target.api.fetchJobTasks({ params: { job_id: jobId } })
  const troubled = tasks.filter(({ status }) => status === 'failed' || status === 'soft-failed')
  const logs = await Promise.all(
    troubled.map(({ id }) => target.api.fetchTaskLogTail({ params: { task_id: id } })),
  )
  return logs.join('\n')
}

function conclude(findings: Findings): void {
  console.log(
    `\n${expected.length} jobs (${expected.filter((job) => job.kind === 'render').length} renders) under:`,
  )
  for (const [name, count] of Object.entries(counts))
    console.log(`  ${String(count).padStart(4)}  ${name}`)
  for (const finding of findings) console.log(`FOUND ${finding}`)
  if (findings.length > 0) {
    const file = join(tmpdir(), `farm-chaos-${seed}.log`)
    writeFileSync(file, farm.log.join('\n'))
    console.log(`what the farm said last is in ${file}`)
    process.exitCode = 1
  }
  console.log(
    findings.length === 0 ? `clean (seed ${seed})` : `${findings.length} findings (seed ${seed})`,
  )
}

interface SmallDisk {
  path: string
  isSmall: boolean
  fill(ms: number): Promise<void>
  remove(): Promise<void>
}

// Filling needs a file system of our own, which needs root; elsewhere that fault is left out, and said so.
async function smallDisk(path: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1g', 'tmpfs', path]).status === 0
  if (!mounted) say('no right to mount a small disk: nothing will be filled')
  const ballast = join(path, 'ballast')
  return {
    path,
    isSmall: mounted,
    async fill(ms) {
      const { bavail, bsize } = await statfs(path)
      await writeFile(ballast, Buffer.alloc(Number(bavail) * Number(bsize))).catch(() => {})
      await sleep(ms)
      await rm(ballast, { force: true })
    },
    async remove() {
      if (mounted) spawnSync('umount', ['-l', path])
    },
  }
}
