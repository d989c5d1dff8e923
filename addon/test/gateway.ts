import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** What stands between Blender and a manager answers by itself. */
export interface Interception {
  status?: number
  body?: unknown
}

export interface GatewayOptions {
  /** The answer to a request, or undefined to pass it on. */
  intercept?: (url: URL, request: IncomingMessage) => Interception | undefined
  /** Passes request bodies on no faster than this. */
  bytesPerSecond?: number
}

/** Stands before a manager like a network with faults; answers its own address. */
export async function startGateway(
  t: TestContext,
  manager: string,
  { intercept = () => undefined, bytesPerSecond = Infinity }: GatewayOptions,
): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', manager)
    const own = intercept(url, request)
    if (own) {
      request.resume()
      const body =
        own.body instanceof Buffer ? own.body : Buffer.from(JSON.stringify(own.body ?? {}))
      response.writeHead(own.status ?? 200, { 'content-length': body.length })
      response.end(body)
      return
    }
    const { method, headers } = request
    const onward = httpRequest(url, { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    pass(request, onward, bytesPerSecond)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Slows down by pausing after each piece. */
function pass(
  request: IncomingMessage,
  onward: ReturnType<typeof httpRequest>,
  rate: number,
): void {
  if (rate === Infinity) {
    request.pipe(onward)
    return
  }
  request.on('data', (piece: Buffer) => {
    onward.write(piece)
    request.pause()
    setTimeout(() => request.resume(), (piece.length / rate) * 1000)
  })
  request.on('end', () => onward.end())
  request.on('error', () => onward.destroy())
}
