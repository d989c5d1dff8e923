import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const host = fileURLToPath(new URL('./guarded-worker.ts', import.meta.url))

/** Processes whose environment carries this test's own text. */
async function survivors(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found: string[] = []
  for (const pid of pids) {
    const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (!environ.includes(text)) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
    if (!command.includes('guard.sh')) found.push(`${pid} ${command.replaceAll('\0', ' ')}`)
  }
  return found
}

for (const [name, script] of [
  [
    'its command and all descendants',
    'sleep 600 & (sleep 600 & sleep 600) & echo ready; sleep 600',
  ],
  [
    'commands that ignore TERM',
    "trap '' TERM; (trap '' TERM; sleep 600) & echo ready; while :; do sleep 1; done",
  ],
  [
    'commands that left the process group',
    'setsid sleep 600 & setsid sleep 600 & sleep 0.1; echo ready; sleep 600',
  ],
] as const) {
  test(`a worker killed by SIGKILL leaves none of ${name}`, {
    skip: process.platform !== 'linux' && 'looks into /proc',
  }, async () => {
    const text = `FARM_TEST_MARK=${process.pid}-${Math.random()}`
    const [key, value] = text.split('=') as [string, string]
    const worker = spawn(process.execPath, [host, script], {
      env: { ...process.env, [key]: value },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(createInterface({ input: worker.stdout }), 'line')
    // A process in the middle of exec has no environment to read, so one look may miss it.
    while ((await survivors(text)).length < 2) await delay(20)
    worker.kill('SIGKILL')
    while ((await survivors(text)).length > 0) await delay(50)
  })
}
