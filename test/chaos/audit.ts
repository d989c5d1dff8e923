import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readlink, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { checkFrames, checkVideo } from '@shaman-farm/bin/demo-check'
import type { ManagerClient } from '@shaman-farm/manager-api'
import { digestOfFile } from '@shaman-farm/shaman'

/** What does not hold; empty when the farm came through. */
export type Findings = string[]

export interface Expected {
  jobId: string
  kind: 'render' | 'echo'
  frames: number
}

/** Every job is in a final state that matches what is on disk. */
export async function auditJobs(
  api: ManagerClient,
  expected: readonly Expected[],
): Promise<Findings> {
  const findings: Findings = []
  for (const { jobId, kind, frames } of expected) {
    const job = await api.fetchJob({ params: { job_id: jobId } })
    if (job.status !== 'completed') {
      findings.push(`job ${jobId} is ${job.status}: ${job.activity}`)
      continue
    }
    if (kind === 'echo') continue
    const dir = String(job.settings?.render_output_path).replace(/\/#+$/, '')
    await checkFrames(dir, frames).catch((error: Error) =>
      findings.push(`job ${jobId}: ${error.message}`),
    )
    await checkVideo(dir, frames).catch((error: Error) =>
      findings.push(`job ${jobId}: ${error.message}`),
    )
  }
  return findings
}

/** Every checkout's links lead to a blob, and every blob is what its name says. */
export async function auditStore(storage: string): Promise<Findings> {
  const findings: Findings = []
  for (const link of await linksUnder(join(storage, 'jobs'))) {
    const target = resolve(dirname(link), await readlink(link))
    if (!(await stat(target).catch(() => undefined))) findings.push(`${link} leads nowhere`)
  }
  const stored = join(storage, 'file-store', 'blobs')
  for (const name of await readdir(stored, { recursive: true })) {
    const parts = /^(..)\/(.{62})-(\d+)\.blob$/.exec(name)
    if (!parts) continue
    const digest = await digestOfFile(join(stored, name))
    if (digest.sha !== `${parts[1]}${parts[2]}` || digest.size !== Number(parts[3]))
      findings.push(`${name} holds other bytes`)
  }
  return findings
}

/** No process is left that names the farm's folder. */
export function auditProcesses(dir: string): Findings {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(dir) ? [`process ${pid} is left: ${line.slice(0, 120)}`] : []
      } catch {
        return []
      }
    })
}

/** Open descriptors and resident memory (MiB) of a process. */
export function resourcesOf(pid: number): { descriptors: number; residentMiB: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    residentMiB: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024),
  }
}

async function linksUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
}
