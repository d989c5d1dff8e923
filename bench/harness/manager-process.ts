import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { serverFlags } from '../../bin/src/node-flags.ts'

/** A manager in a process of its own, so that its work is not counted as ours. */
export interface ManagerProcess {
  url: string
  process: ChildProcess
  stop(): Promise<void>
}

export async function startManager(dir: string): Promise<ManagerProcess> {
  const farm = join(import.meta.dirname, '..', '..', 'bin', 'src', 'main.ts')
  const args = [...serverFlags, farm, 'manager', '--json', '--port', '0', '--host', '127.0.0.1']
  const child = spawn(process.execPath, [...args, '--data', dir, '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstUrl(child.stdout!)
  return {
    url,
    process: child,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function firstUrl(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const said = JSON.parse(line) as { event: string; url?: string; message?: string }
    if (said.url) return said.url
    throw new Error(said.message ?? line)
  }
  throw new Error('the manager ended before it listened')
}
