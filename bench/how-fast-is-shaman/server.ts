import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFarmProcess } from '@shaman-farm/bin/farm-process'

/** A store served by a process of its own, as on a farm. */
export interface StoreServer {
  url: string
  dir: string
  /** Highest resident memory so far, MiB. */
  peakMiB(): number
  stop(): Promise<void>
  /** As a power cut would end it; nothing of it runs any more when this resolves. */
  kill(): Promise<void>
}

export async function startStore(dir: string, durability: 'full' | 'none'): Promise<StoreServer> {
  mkdirSync(dir, { recursive: true })
  const listening = Promise.withResolvers<string>()
  const said: string[] = []
  const server = startFarmProcess(
    [
      ...[
        'shaman',
        'serve',
        '--json',
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--durability',
        durability,
      ],
      ...['--storage', join(dir, 'storage'), '--state', join(dir, 'state')],
    ],
    {
      onEvent: (event) => {
        if (typeof event.url === 'string') listening.resolve(event.url)
      },
      onLog: (line) => void said.push(line),
    },
  )
  void server.exited.then(() => listening.reject(new Error(`the store ended: ${said.join('\n')}`)))
  return {
    url: await listening.promise,
    dir,
    peakMiB: () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) /
      1024,
    stop: () => server.stop(),
    async kill() {
      server.kill('SIGKILL')
      await server.exited
    },
  }
}
