import { access, constants, mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WorkerClient } from '@shaman-farm/manager-api/worker-client'
import { formatBytes, formatDuration, formatRate } from '@shaman-farm/terminal'
import { platformName } from '../identity.ts'
import { createHelper } from '../process/helper.ts'
import { type RunProgram, runPlainly } from '../process/run-program.ts'
import type { ThroughputQuestion } from './throughput-process.ts'

export interface Finding {
  check: string
  /** `skipped`: not looked at yet. */
  status: 'ok' | 'warning' | 'problem' | 'skipped'
  message: string
  /** What to do about it. */
  hint?: string
  detail?: Readonly<Record<string, unknown>>
}

type Check = () => Promise<Finding | Finding[]>

const ok = (check: string, message: string, detail?: Finding['detail']): Finding => ({
  check,
  status: 'ok',
  message,
  ...(detail ? { detail } : {}),
})
const problem = (check: string, message: string, hint: string): Finding => ({
  check,
  status: 'problem',
  message,
  hint,
})
const warning = (check: string, message: string, hint: string): Finding => ({
  check,
  status: 'warning',
  message,
  hint,
})

/** Which Blender it is, without making it render. */
export async function checkBlender(exe = 'blender', run = runPlainly): Promise<Finding> {
  const version = await run([exe, '--version'])
  const name = /^Blender .*/m.exec(version ?? '')?.[0]
  if (name !== undefined) return ok('blender', name, { exe })
  const hint = 'Install it, put it on the PATH, or set the variable "blender" in the manager.'
  return problem('blender', `"${exe}" is not a Blender that runs here`, hint)
}

interface Device {
  kind: string
  name: string
  ms?: number
  error?: string
}

/** Renders 64 pixels on every device this Blender can use. */
export async function checkDevices(exe = 'blender', run = runPlainly): Promise<Finding[]> {
  const script = fileURLToPath(new URL('../blender/devices.py', import.meta.url))
  const text = await run([exe, '-b', '--factory-startup', '--python', script], 120_000)
  const json = /^shaman-farm: devices (.*)$/m.exec(text ?? '')?.[1]
  if (json === undefined) {
    const hint = `Run it by hand: ${exe} -b --factory-startup --python ${script}`
    return [problem('devices', 'Blender could not render 64 pixels', hint)]
  }
  return (JSON.parse(json) as Device[]).map((device) => {
    const check = `device ${device.kind}`
    if (device.error === undefined) {
      const name = device.name === device.kind ? '' : `${device.name}: `
      return ok(check, `${name}64 pixels in ${formatDuration(device.ms ?? 0)}`)
    }
    return problem(check, `${device.name}: ${device.error}`, 'Check the driver of that device.')
  })
}

export async function checkFfmpeg(exe = 'ffmpeg', run: RunProgram = runPlainly): Promise<Finding> {
  const version = /^ffmpeg version (\S+)/m.exec((await run([exe, '-version'])) ?? '')?.[1]
  if (version === undefined) {
    const hint = 'Install it, or run the worker without the task type "ffmpeg".'
    return problem('ffmpeg', 'ffmpeg does not run here; no preview videos', hint)
  }
  const encoders = (await run([exe, '-hide_banner', '-encoders'])) ?? ''
  if (/\blibx264\b|\bh264_/.test(encoders)) return ok('ffmpeg', `ffmpeg ${version}`)
  return warning(
    'ffmpeg',
    `ffmpeg ${version} cannot write H.264`,
    'Install one built with libx264.',
  )
}

export async function checkDisk(home: string): Promise<Finding> {
  await mkdir(home, { recursive: true })
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const message = `${formatBytes(free)} free in ${home}`
  if (free > 20e9) return ok('disk', message, { free })
  return warning('disk', message, 'Jobs with much data will not fit; use --home on another disk.')
}

/** Reachable, how far, and whether both clocks agree. */
export async function checkManager(url: string): Promise<Finding[]> {
  const started = performance.now()
  const sent = Date.now()
  let response: Response
  try {
    response = await fetch(`${url}/api/v3/version`, { signal: AbortSignal.timeout(5_000) })
  } catch {
    return [problem('manager', `No manager answers at ${url}`, 'Is it started? Is the port open?')]
  }
  const ms = performance.now() - started
  if (!response.ok) {
    return [problem('manager', `${url} is not a manager (${response.status})`, 'Check the URL.')]
  }
  const { name, version } = (await response.json()) as { name: string; version: string }
  // The name may hold more than Flamenco's clients want to see as the version.
  const who = version.includes(name) ? version : `${name} ${version}`
  const findings = [ok('manager', `${who} at ${url}, ${formatDuration(ms)} away`)]
  const date = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(date)) return findings
  // The header has whole seconds, and was written somewhere between question and answer.
  const skewMs = Math.max(0, Math.abs(date + 500 - (sent + ms / 2)) - 500 - ms / 2)
  const skew =
    skewMs < 1_000 ? "agrees with the manager's" : `${formatDuration(skewMs)} from the manager's`
  return [
    ...findings,
    skewMs < 30_000 ? ok('clock', skew) : warning('clock', skew, 'Let both follow a time server.'),
  ]
}

export async function checkStorage(client: WorkerClient): Promise<Finding> {
  const params = { audience: 'workers', platform: platformName() }
  const { location } = await client.getSharedStorage({ params })
  const isReadable = await access(location, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (!isReadable) {
    return ok('storage', `"${location}" is not mounted here; files are pulled and sent back`)
  }
  const probe = join(location, `.worker-probe-${process.pid}`)
  const isWritable = await writeFile(probe, '').then(
    () => true,
    () => false,
  )
  await rm(probe, { force: true })
  return ok('storage', `"${location}" is mounted${isWritable ? '' : ', for reading'}`)
}

const throughput = createHelper(fileURLToPath(new URL('./throughput-process.ts', import.meta.url)))

/** How fast blobs come from the store, over the network as it is now. */
export async function checkThroughput(
  { url, authorization }: Pick<WorkerClient, 'url' | 'authorization'>,
  bytes = 8 << 20,
): Promise<Finding> {
  const question: ThroughputQuestion = { url, authorization, bytes }
  const rate = Number(await throughput.ask(question, { limitMs: 120_000 }))
  return ok('throughput', `${formatRate(rate)} from the store`, { bytesPerSecond: rate })
}

/** A check that breaks is a finding too. */
export async function runChecks(checks: Readonly<Record<string, Check>>): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...[await check()].flat())
    } catch (error) {
      const hint = 'The check itself failed; see the message.'
      findings.push(problem(name, (error as Error).message, hint))
    }
  }
  return findings
}
