import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { refuseSlowBodies } from '../../src/http/slow-bodies.ts'

async function open(t: TestContext, windowMs = 150): Promise<number> {
  const app = fastify()
  refuseSlowBodies(app, { leastBytes: 1_000, windowMs })
  app.addContentTypeParser('*', (_, body, done) => done(null, body))
  app.post('/parsed', async () => 'taken')
  app.post('/stream', async (request) => {
    let bytes = 0
    for await (const chunk of request.body as AsyncIterable<Buffer>) bytes += chunk.length
    return String(bytes)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  return (app.server.address() as AddressInfo).port
}

const head = (path: string, type: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`

for (const [path, type] of [
  ['/parsed', 'application/json'],
  ['/stream', 'application/octet-stream'],
] as const) {
  test(`slow bodies: a byte now and then does not keep ${path} open`, async (t) => {
    const socket = connect(await open(t), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    // What drips while the server closes may be answered by a reset, which is an end as well.
    socket.on('error', () => {})
    socket.write(head(path, type, 100_000))
    const drip = setInterval(() => socket.write('x'), 20)
    t.after(() => clearInterval(drip))
    await closed
  })
}

test('a body that keeps coming may take many windows', async (t) => {
  // Long enough that this test is never the slow one, however busy the machine is.
  const socket = connect(await open(t, 1_000), '127.0.0.1')
  const closed = once(socket, 'close')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  const piece = Buffer.alloc(5_000)
  socket.write(head('/stream', 'application/octet-stream', 10 * piece.length))
  for (let i = 0; i < 10; i += 1) {
    socket.write(piece)
    await sleep(250)
  }
  socket.end()
  await closed
  assert.match(answer, /50000$/)
})
