import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const host = fileURLToPath(new URL('./worker-host.ts', import.meta.url))

export interface WorkerProcess {
  child: ChildProcess
  /** Log lines, newest last. */
  lines: string[]
  exited: Promise<number | null>
}

/** A worker as a process of its own, marked so that all it leaves behind can be found. */
export function startWorkerProcess(
  t: TestContext,
  args: readonly string[],
  marker: string,
): WorkerProcess {
  const argv = ['--disable-warning=ExperimentalWarning', host, 'worker', '--json', ...args]
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, FARM_TEST_MARK: marker },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  return { child, lines, exited }
}

/** Command lines of the processes with the marker in their environment. */
export async function markedBy(marker: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      if (!environ.split('\0').includes(`FARM_TEST_MARK=${marker}`)) return []
      const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
      return [`${pid} ${command.replaceAll('\0', ' ')}`]
    }),
  )
  return found.flat()
}

export async function nothingLeft(marker: string): Promise<void> {
  while ((await markedBy(marker)).length > 0) await delay(50)
}
