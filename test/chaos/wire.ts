import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from './random.ts'

/** A wire between workers and manager that can be cut, and be a bad one. */
export interface Wire {
  url: string
  /** Breaks every connection and refuses new ones for a while. */
  cut(ms: number): void
  /** For a while, delays what comes and breaks connections in the middle of it. */
  disturb(ms: number): void
  close(): Promise<void>
}

const longestDelayMs = 300
const truncated = 0.05

export async function startWire(target: string, chance: Chance): Promise<Wire> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let isCut = false
  let isBad = false

  async function relay(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (isBad && chance.next() < truncated) {
        // Half of it arrives, and then nothing ever again.
        to.end(chunk.subarray(0, chunk.length >> 1))
        from.destroy()
        return
      }
      if (isBad) await sleep(chance.between(0, longestDelayMs))
      if (!to.write(chunk)) await once(to, 'drain')
    }
    to.end()
  }

  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(Number(port), hostname)
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        open.delete(socket)
        end()
      })
    }
    relay(near, far).catch(end)
    relay(far, near).catch(end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(ms) {
      isCut = true
      for (const socket of open) socket.destroy()
      setTimeout(() => {
        isCut = false
      }, ms).unref()
    },
    disturb(ms) {
      isBad = true
      setTimeout(() => {
        isBad = false
      }, ms).unref()
    },
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
