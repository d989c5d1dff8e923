import { once } from 'node:events'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { afterwards } from './afterwards.ts'

/** What happens to a request on its way: it is answered there, or its answer waits, or nothing. */
export type Meeting = 'answered' | Promise<void> | undefined

/** A way to a farm, as a proxy is; resolves to its URL. */
export async function startWay(
  t: TestContext,
  to: string,
  meet: (request: IncomingMessage, response: ServerResponse) => Meeting,
): Promise<string> {
  const server = createServer((request, response) => {
    const meeting = meet(request, response)
    if (meeting === 'answered') return
    const { method, headers, url } = request
    const onward = forward(new URL(url!, to), { method, headers }, async (answer) => {
      await meeting
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterwards(t, () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
