import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Bonjour } from 'bonjour-service'
import ssdp from 'node-ssdp'
import { pino } from 'pino'
import { advertise, description } from '../../src/discovery/advertise.ts'
import { ownUrls } from '../../src/discovery/own-urls.ts'

const log = pino({ level: 'silent' })

test('a manager is found by SSDP and by mDNS under the names its workers look for', async (t) => {
  const unique = randomUUID().slice(0, 8)
  const types = { ssdp: `urn:farm-test-${unique}:manager:0`, mdns: `farm-${unique}` }
  const stop = advertise({ urls: ['http://127.0.0.1:8080'], name: 'test', log, types })
  t.after(stop)
  const client = new ssdp.Client({})
  const bonjour = new Bonjour()
  t.after(() => {
    client.stop()
    bonjour.destroy()
  })
  const found = { ssdp: '', mdns: 0 }
  client.on('response', ({ LOCATION }) => {
    found.ssdp = LOCATION ?? ''
  })
  bonjour.find({ type: types.mdns }, ({ port }) => {
    found.mdns = port
  })
  for (let i = 0; i < 40 && !(found.ssdp && found.mdns); i += 1) {
    client.search(types.ssdp)
    await sleep(250)
  }
  if (!found.ssdp && !found.mdns) return t.skip('this machine lets no multicast through')
  assert.deepEqual(found, { ssdp: 'http://127.0.0.1:8080/upnp/description.xml', mdns: 8080 })
})

test('a manager that listens on one address tells only that one', () => {
  assert.deepEqual(ownUrls('10.0.0.7', 80), ['http://10.0.0.7:80'])
  assert.deepEqual(ownUrls('fd00::7', 80), ['http://[fd00::7]:80'])
})

test('a manager that listens everywhere tells the addresses others can reach, IPv4 first', () => {
  const address = (text: string, family: 'IPv4' | 'IPv6', internal = false) => ({
    address: text,
    family,
    internal,
    netmask: '',
    mac: '',
    cidr: null,
    scopeid: 0,
  })
  const interfaces = {
    lo: [address('127.0.0.1', 'IPv4', true), address('::1', 'IPv6', true)],
    eth0: [
      address('fd00::1', 'IPv6'),
      address('fe80::1', 'IPv6'),
      address('192.168.1.5', 'IPv4'),
      address('169.254.3.4', 'IPv4'),
    ],
  } as unknown as Parameters<typeof ownUrls>[2]
  assert.deepEqual(ownUrls('', 8080, interfaces), [
    'http://192.168.1.5:8080',
    'http://[fd00::1]:8080',
  ])
  const alone = { lo: interfaces!.lo! }
  assert.deepEqual(ownUrls('::', 8080, alone), ['http://127.0.0.1:8080'])
})

test('the description cannot be broken by a name', () => {
  assert.match(description('A & <B>', 'http://x/'), /A &#38; &#60;B&#62;/)
})
