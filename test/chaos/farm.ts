import { join } from 'node:path'
import {
  type FarmProcess,
  startFarmProcess,
  startManagerProcess,
} from '@shaman-farm/bin/farm-process'
import { createManagerClient, type ManagerClient } from '@shaman-farm/manager-api'
import type { Chance } from './random.ts'
import { startWire, type Wire } from './wire.ts'

/** A farm whose every part can be killed and started again. */
export interface ChaosFarm {
  dir: string
  url: string
  api: ManagerClient
  wire: Wire
  managerPid(): number
  workerNames: readonly string[]
  kill(who: 'manager' | string): Promise<void>
  pause(who: 'manager' | string, ms: number): Promise<void>
  log: string[]
  stop(): Promise<void>
}

const keptLines = 20_000

/** Workers sit behind the wire; every other one works without the shared storage. */
export async function startChaosFarm(options: {
  dir: string
  storage: string
  workers: number
  wireChance: Chance
}): Promise<ChaosFarm> {
  const { dir, storage } = options
  const log: string[] = []
  const note = (who: string) => (line: string) => {
    log.push(`${who} ${line}`)
    if (log.length > keptLines) log.shift()
  }
  const startManager = (port: string): ReturnType<typeof startManagerProcess> =>
    startManagerProcess(
      ['--port', port, '--host', '127.0.0.1', '--storage', storage, '--data', join(dir, 'manager')],
      { onLog: note('manager') },
    )
  let manager = await startManager('0')
  const { url } = manager
  const wire = await startWire(url, options.wireChance)
  const workerNames = Array.from({ length: options.workers }, (_, i) => `worker-${i + 1}`)
  const startWorker = (name: string): FarmProcess => {
    const isMounted = workerNames.indexOf(name) % 2 === 0
    const args = ['worker', '--manager', wire.url, '--name', name, '--home', join(dir, name)]
    return startFarmProcess([...args, '--storage', isMounted ? 'auto' : 'pull'], {
      onLog: note(name),
    })
  }
  const workers = new Map(workerNames.map((name) => [name, startWorker(name)]))
  const processOf = (who: string): FarmProcess => (who === 'manager' ? manager : workers.get(who)!)

  return {
    dir,
    url,
    api: createManagerClient({ url }),
    wire,
    workerNames,
    log,
    managerPid: () => manager.pid,
    async kill(who) {
      processOf(who).kill('SIGKILL')
      await processOf(who).exited
      if (who === 'manager') manager = await startManager(new URL(url).port)
      else workers.set(who, startWorker(who))
    },
    async pause(who, ms) {
      processOf(who).kill('SIGSTOP')
      await new Promise((done) => setTimeout(done, ms))
      processOf(who).kill('SIGCONT')
    },
    async stop() {
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
      await manager.stop()
      await wire.close()
    },
  }
}
