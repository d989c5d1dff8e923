import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Below this a timer is too coarse; the time is made up for later. */
const leastWaitMs = 2

/** Starts a way to a server on which bytes go there at a given pace, all connections together. */
export async function startLink(url: string, bytesPerSecond: number): Promise<string> {
  const { hostname, port } = new URL(url)
  let free = performance.now()
  const paced = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      free = Math.max(free, performance.now()) + (chunk.length / bytesPerSecond) * 1000
      const wait = free - performance.now()
      if (wait >= leastWaitMs) await sleep(wait)
      yield chunk
    }
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    endTogether(near, far)
    far.pipe(near)
    void pump(paced(near), far)
  })
  return listen(server)
}

async function pump(bytes: AsyncIterable<Buffer>, to: Socket): Promise<void> {
  try {
    for await (const chunk of bytes) if (!to.write(chunk)) await onceDrained(to)
    to.end()
  } catch {
    to.destroy()
  }
}

function onceDrained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('drain', resolve).once('close', () => resolve())
  })
}

function endTogether(a: Socket, b: Socket): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.on('error', () => other.destroy()).on('close', () => other.destroy())
  }
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve(`http://127.0.0.1:${port}`)
    })
  })
}
