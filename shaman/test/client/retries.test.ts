import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createHttp } from '../../src/client/http.ts'
import { retryAfterOf } from '../../src/client/problems.ts'

test('a request is sent again when the server wants it, but not an hour later', async (t) => {
  const told = ['1', '3600']
  const server = createServer((_, response) => {
    const seconds = told.shift()
    if (seconds === undefined) response.end('{}')
    else response.writeHead(503, { 'retry-after': seconds }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const waits: number[] = []
  const http = createHttp({
    url: `http://127.0.0.1:${port}`,
    random: () => 0,
    wait: async (ms) => waits.push(ms),
  })
  t.after(async () => {
    await http.close()
    server.close()
  })
  await http.json('/x/stats')
  assert.deepEqual(waits, [1000, 60_000])
})

test('Retry-After is seconds or a date, and anything else asks for nothing', () => {
  const now = (): number => Date.parse('2026-01-01T00:00:00Z')
  const after = (text: string | undefined): number => retryAfterOf({ 'retry-after': text }, now)
  assert.equal(after('7'), 7000)
  assert.equal(after('Thu, 01 Jan 2026 00:00:05 GMT'), 5000)
  assert.equal(after('Wed, 31 Dec 2025 00:00:00 GMT'), 0)
  assert.equal(after('soon'), 0)
  assert.equal(after(undefined), 0)
})
