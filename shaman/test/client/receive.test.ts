import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createReceiver, type Receiver } from '../../src/client/receive.ts'

interface Peer {
  receiver: Receiver
  requests: number
  connections: number
}

async function receiverOf(t: TestContext, answer: RequestListener): Promise<Peer> {
  const peer = { requests: 0, connections: 0 } as Peer
  const server = createServer((request, response) => {
    peer.requests += 1
    request.resume()
    answer(request, response)
  })
  server.on('connection', () => {
    peer.connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  peer.receiver = createReceiver({ url, roomBytes: 1000, retries: 2 })
  t.after(() => {
    peer.receiver.close()
    server.closeAllConnections()
    server.close()
  })
  return peer
}

/** Takes whole things of 100 bytes. */
function inHundreds(): { consume: (bytes: Buffer) => number; text: () => string } {
  const taken: string[] = []
  return {
    text: () => taken.join(''),
    consume(bytes) {
      const whole = bytes.length - (bytes.length % 100)
      taken.push(bytes.toString('latin1', 0, whole))
      return whole
    },
  }
}

const body = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(100, '.')).join('')

test('a body is handed on where it arrives, things whole, over one connection for all requests', async (t) => {
  const peer = await receiverOf(t, (_, response) => {
    response.setHeader('content-length', body.length)
    response.end(body)
  })
  for (let i = 0; i < 3; i += 1) {
    const got = inHundreds()
    await peer.receiver.receive('/x', { consume: got.consume })
    assert.equal(got.text(), body)
  }
  assert.deepEqual([peer.requests, peer.connections], [3, 1])
})

test('a body that comes without its length, as from a proxy, arrives all the same', async (t) => {
  const peer = await receiverOf(t, (_, response) => void response.end(body.slice(0, 40_000)))
  const chunked = await receiverOf(t, (_, response) => {
    response.write(body.slice(0, 12_345))
    response.end(body.slice(12_345))
  })
  for (const { receiver } of [peer, chunked]) {
    const got = inHundreds()
    await receiver.receive('/x', { consume: got.consume })
    assert.ok(body.startsWith(got.text()) && got.text().length >= 40_000)
  }
})

test('a refusal is told by its code, and a busy server is asked again', async (t) => {
  const refusing = await receiverOf(t, (_, response) => {
    const told = JSON.stringify({ error_code: 'BLOB_MISSING' })
    response.writeHead(404, { 'content-length': told.length }).end(told)
  })
  const { consume } = inHundreds()
  const refused = refusing.receiver.receive('/x', { consume })
  await assert.rejects(refused, { code: 'BLOB_MISSING', status: 404 })
  assert.equal(refusing.requests, 1)
  const busy = await receiverOf(t, (_, response) => {
    if (busy.requests === 1) return void response.writeHead(503, { 'content-length': 0 }).end()
    response.setHeader('content-length', 100)
    response.end(body.slice(0, 100))
  })
  const got = inHundreds()
  await busy.receiver.receive('/x', { consume: got.consume })
  assert.deepEqual([got.text(), busy.requests], [body.slice(0, 100), 2])
})

test('a body that breaks off, or ends in the middle of a thing, is an error', async (t) => {
  const cut = await receiverOf(t, (_, response) => {
    response.setHeader('content-length', body.length)
    response.write(body.slice(0, 1234), () => response.destroy())
  })
  await assert.rejects(cut.receiver.receive('/x', { consume: inHundreds().consume }))
  assert.equal(cut.requests, 1)
  const short = await receiverOf(t, (_, response) => {
    response.setHeader('content-length', 150)
    response.end(body.slice(0, 150))
  })
  await assert.rejects(short.receiver.receive('/x', { consume: inHundreds().consume }), {
    message: 'the answer ends in the middle',
  })
})

test('what is canceled stops with the reason', async (t) => {
  const peer = await receiverOf(t, (_, response) => {
    response.setHeader('content-length', body.length)
    response.write(body.slice(0, 1000))
  })
  const abort = new AbortController()
  const { consume } = inHundreds()
  const receiving = peer.receiver.receive('/x', {
    signal: abort.signal,
    consume(bytes) {
      abort.abort(new Error('not wanted any more'))
      return consume(bytes)
    },
  })
  await assert.rejects(receiving, { message: 'not wanted any more' })
})
