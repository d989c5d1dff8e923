import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface Cable {
  /** Where the manager is reached through it. */
  url: string
  cut(): void
  mend(): Promise<void>
}

/** A connection to a manager that can be cut and mended, as a cable on a floor is. */
export async function layCable(t: TestContext, managerUrl: string): Promise<Cable> {
  const { hostname, port } = new URL(managerUrl)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  const cut = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.after(cut)
  return {
    url: `http://127.0.0.1:${own}`,
    cut,
    async mend() {
      server.listen(own, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}
