import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { markerName } from './guard.ts'

export interface TerminateOptions {
  /** How long the tree has to leave by itself after TERM. */
  graceMs: number
  /** The command's marker: finds descendants that left the group (Linux). */
  marker: string
}

/** Ends a whole process tree: TERM, grace, KILL. Resolves when nothing of it runs any more. */
export async function terminateTree(pid: number, options: TerminateOptions): Promise<void> {
  if (process.platform === 'win32') return taskkill(pid)
  signalGroup(pid, 'SIGTERM')
  const deadline = performance.now() + options.graceMs
  while ((await isGroupAlive(pid)) && performance.now() < deadline) await delay(20)
  await killRemains(pid, options.marker)
}

/** KILLs what a finished command left running. */
export async function killRemains(pid: number, marker: string): Promise<void> {
  if (process.platform === 'win32') return
  signalGroup(pid, 'SIGKILL')
  for (const escaped of await markedProcesses(marker)) signal(escaped, 'SIGKILL')
}

/** Processes whose environment carries the marker; empty where there is no /proc. */
export async function markedProcesses(marker: string): Promise<number[]> {
  const wanted = `${markerName}=${marker}`
  const pids = await processIds()
  const marks = await Promise.all(pids.map((pid) => hasEntry(pid, wanted)))
  return pids.filter((_pid, i) => marks[i])
}

/** Every process there is, on Linux; elsewhere none. */
async function processIds(): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => [])
  return entries.filter((name) => /^\d+$/.test(name)).map(Number)
}

async function hasEntry(pid: number, wanted: string): Promise<boolean> {
  // Unreadable means gone, or another user's: never ours.
  const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
  return environ.split('\0').includes(wanted)
}

export function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  return signal(-pid, name)
}

/** Zombies do not count: in a container there may be nobody to reap them. */
async function isGroupAlive(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false
  const pids = await processIds()
  if (pids.length === 0) return true
  const alive = await Promise.all(pids.map((pid) => isRunningIn(group, pid)))
  return alive.includes(true)
}

async function isRunningIn(group: number, pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(processGroup) === group && state !== 'Z'
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // gone already
  }
}

async function taskkill(pid: number): Promise<void> {
  await execa('taskkill', ['/F', '/T', '/PID', String(pid)], { reject: false, timeout: 10_000 })
}
