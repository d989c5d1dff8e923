import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import ssdp from 'node-ssdp'
import { pino } from 'pino'
import { findManager } from '../../src/discovery/find-manager.ts'

const log = pino({ level: 'silent' })
/** Not those of real managers around. */
const unique = `test-${process.pid}`
const types = { ssdp: `urn:flamenco:manager:${unique}`, mdns: unique }

async function startManager(t: TestContext, body: unknown): Promise<number> {
  const server = createServer((_request, response) => response.end(JSON.stringify(body)))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function announce(t: TestContext, location: string): Promise<void> {
  const server = new ssdp.Server({ location, udn: `uuid:${Math.random()}` })
  server.addUSN(types.ssdp)
  await server.start()
  t.after(() => server.stop())
}

const hasNetwork = Object.values(networkInterfaces())
  .flat()
  .some((address) => address && !address.internal && address.family === 'IPv4')

test('a manager that announces itself is found, an impostor is not', {
  skip: !hasNetwork && 'no network interface that can do multicast',
}, async (t) => {
  const impostor = await startManager(t, { hello: 'world' })
  const port = await startManager(t, { shortversion: '3.9', version: '3.9', name: 'x', git: '' })
  await announce(t, `http://127.0.0.1:${impostor}/upnp/description.xml`)
  await announce(t, `http://127.0.0.1:${port}/upnp/description.xml`)
  await announce(t, 'file:///etc/passwd')
  const url = await findManager({ log, timeoutMs: 20_000, everyMs: 500, types })
  assert.equal(url, `http://127.0.0.1:${port}`)
})

test('a network without a manager is left after the time given', async () => {
  const url = await findManager({
    log,
    timeoutMs: 300,
    everyMs: 50,
    types: { ...types, ssdp: 'urn:nobody' },
  })
  assert.equal(url, undefined)
})
