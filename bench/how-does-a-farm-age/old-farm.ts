import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A manager in a process of its own, living at the time it is told. */
export interface OldFarm {
  url: string
  setTime(now: number): Promise<void>
  stop(): Promise<void>
}

const script = join(import.meta.dirname, 'manager-with-a-clock.ts')

// Time leaps by days here, which must not look like workers that fell silent.
const config = `_meta:
  version: 3
autodiscoverable: false
task_timeout: 1000000h
worker_timeout: 1000000h
`

export async function openFarm(dir: string, now: number): Promise<OldFarm> {
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'flamenco-manager.yaml'), config)
  const child: ChildProcess = fork(script, [dir, String(now)], {
    execArgv: ['--no-node-snapshot'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const url = await nextMessage(child)
  return {
    url,
    async setTime(time) {
      child.send(time)
      await nextMessage(child)
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<string> {
  const over = new AbortController()
  const message = once(child, 'message', { signal: over.signal })
  const exit = once(child, 'exit', { signal: over.signal })
  // The one that is not waited for to its end is told so, and has nobody to tell.
  for (const either of [message, exit]) either.catch(() => undefined)
  const answer = await Promise.race([message.then(([said]) => said as string), exit.then(() => '')])
  over.abort()
  if (answer === '') throw new Error('the manager ended')
  return answer
}

/** Bytes of the database with its log, or of any other files of a folder whose names begin so. */
export async function bytesOf(dir: string, prefix: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dir)) {
    if (name.startsWith(prefix)) bytes += (await stat(join(dir, name))).size
  }
  return bytes
}
