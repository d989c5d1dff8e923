import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type FarmProcess,
  startFarmProcess,
  startManagerProcess,
} from '@shaman-farm/bin/farm-process'
import { findProgram } from '@shaman-farm/bin/programs'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import { execa } from 'execa'
import type { Machine } from './machines.ts'

export const farmCommand = join(import.meta.dirname, '../bin/src/main.ts')

/** A whole farm of real processes in a throw-away folder. */
export interface Farm {
  dir: string
  url: string
  api: ManagerClient
  manager: FarmProcess
  startWorker(name: string, args?: readonly string[], on?: Machine): FarmProcess
  /** Starts the manager again, on the same port and folders. */
  restartManager(): Promise<void>
  /** Everything the parts wrote to their logs, newest last; shown when a test fails. */
  log: string[]
}

export interface FarmOptions {
  /** What the manager's configuration says, as YAML. */
  config?: string
  /** Where the manager listens; default: on this machine alone. */
  host?: string
  env?: Record<string, string>
}

export async function startFarm(t: TestContext, options: FarmOptions = {}): Promise<Farm> {
  const dir = await mkdtemp(join(tmpdir(), 'farm-test-'))
  const { env = {}, host = '127.0.0.1' } = options
  if (options.config) {
    await mkdir(join(dir, 'manager'))
    const file = join(dir, 'manager', 'flamenco-manager.yaml')
    await writeFile(file, `_meta: {version: 3}\n${options.config}`)
  }
  const log: string[] = []
  const workers: FarmProcess[] = []
  const onLog = (line: string): void => void log.push(line)
  const start = (port: string): ReturnType<typeof startManagerProcess> =>
    startManagerProcess(
      [
        ...['--port', port, '--host', host],
        ...['--storage', join(dir, 'storage'), '--data', join(dir, 'manager')],
      ],
      { onLog, env },
    )
  const manager = await start('0')
  const farm: Farm = {
    dir,
    url: manager.url,
    api: createManagerClient({ url: manager.url }),
    manager,
    log,
    startWorker(name, args = [], on) {
      const url = on ? `http://${on.host}:${new URL(farm.url).port}` : farm.url
      const worker = startFarmProcess(
        ['worker', '--manager', url, '--name', name, '--home', join(dir, name), ...args],
        { onLog, env, ...(on ? { prefix: on.prefix } : {}) },
      )
      workers.push(worker)
      return worker
    },
    async restartManager() {
      farm.manager = await start(new URL(farm.url).port)
    },
  }
  t.after(async () => {
    await Promise.all(workers.map((worker) => worker.stop({ graceMs: 5000 })))
    await farm.manager.stop({ graceMs: 5000 })
    if ((t as { passed?: boolean }).passed === false) console.error(log.slice(-80).join('\n'))
    await rm(dir, { recursive: true, force: true })
  })
  return farm
}

/** Runs a farm command to its end. */
export async function runFarm(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const result = await execa(process.execPath, ['--no-node-snapshot', farmCommand, ...args], {
    reject: false,
    stdin: 'ignore',
    env,
    timeout: 5 * 60_000,
  })
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? -1 }
}

/** Polls until `check` gives a value; fails with `what` after `seconds`. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  { seconds = 120, everyMs = 100 } = {},
): Promise<T> {
  const until = Date.now() + seconds * 1000
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== false) return value
    assert.ok(Date.now() < until, `waited ${seconds} s for: ${what}`)
    await sleep(everyMs)
  }
}

/** True when the programs are here; else skips the test loudly, or fails it where CI must have them. */
export function needs(t: TestContext, ...commands: string[]): boolean {
  const missing = commands.filter((command) => !findProgram(command))
  if (missing.length === 0) return true
  assert.ok(!process.env.CI, `missing: ${missing.join(', ')}`)
  t.skip(`missing: ${missing.join(', ')}`)
  return false
}
