import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

export interface ChaosProxy {
  url: string
  readonly faults: number
  /** From now on, everything arrives. */
  calm(): void
}

/** A network between worker and manager that drops, delays and cuts connections, some before they say anything. */
export async function startChaosProxy(
  t: TestContext,
  target: string,
  random: () => number,
): Promise<ChaosProxy> {
  const { hostname, port } = new URL(target)
  let isCalm = false
  let faults = 0
  const server = createServer((client) => {
    client.on('error', () => {})
    const isBad = (chance: number): boolean => {
      const bad = !isCalm && random() < chance
      if (bad) faults += 1
      return bad
    }
    if (isBad(0.05)) return client.destroy()
    const upstream = connect(Number(port), hostname)
    upstream.on('error', () => client.destroy())
    const relay = async (from: Socket, to: Socket): Promise<void> => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (isBad(0.06)) {
          // Half of it arrives, and then nothing ever again.
          to.write(chunk.subarray(0, chunk.length >> 1))
          await delay(5)
          client.destroy()
          upstream.destroy()
          return
        }
        if (!isCalm) await delay(random() * 30)
        if (!to.write(chunk)) await new Promise((resolve) => to.once('drain', resolve))
      }
      to.end()
    }
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      relay(from, to).catch(() => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get faults() {
      return faults
    },
    calm() {
      isCalm = true
    },
  }
}
