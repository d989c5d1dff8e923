import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { openManager } from '../running-manager.ts'

interface Answer {
  status: number
  text: string
}

/** By node:http, as fetch does not let a Host header be set. */
function ask(
  url: string,
  headers: Record<string, string>,
  { path = '/api/v3/version', method = 'GET' } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers, timeout: 10_000 })
    call.on('response', async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode!, text })
    })
    call.on('error', reject)
    call.end()
  })
}

const statusFor = async (...args: Parameters<typeof ask>): Promise<number> =>
  (await ask(...args)).status

const everywhere = ['/app/', '/api/v3/shaman/x/capabilities', '/job-files/', '/healthz', '/nothing']

test('pages of other sites are refused, whatever they ask', async (t) => {
  const { url } = await openManager(t)
  const { host } = new URL(url)
  for (const path of ['/api/v3/version', ...everywhere]) {
    assert.equal(await statusFor(url, { origin: 'http://evil.example' }, { path }), 403, path)
  }
  assert.equal(await statusFor(url, { origin: 'null' }), 403)
  assert.equal(await statusFor(url, { origin: 'http://localhost:1' }), 403)
  assert.equal(await statusFor(url, { origin: `http://${host}` }), 200)
})

test('images and scripts of other sites are refused; a link may be followed', async (t) => {
  const { url } = await openManager(t)
  const embedded = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
  assert.equal(await statusFor(url, embedded), 403)
  assert.equal(await statusFor(url, { ...embedded, 'sec-fetch-site': 'same-site' }), 403)
  assert.equal(await statusFor(url, { ...embedded, 'sec-fetch-site': 'same-origin' }), 200)
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  assert.equal(await statusFor(url, link), 200)
  assert.equal(await statusFor(url, link, { method: 'POST' }), 403)
})

test('DNS rebinding: a name that was pointed at this address is refused everywhere, for programs too', async (t) => {
  const { url } = await openManager(t, { config: { allowed_hosts: ['farm.studio.example'] } })
  const host = 'rebound.example:8080'
  for (const path of ['/api/v3/version', ...everywhere]) {
    assert.equal(await statusFor(url, { host }, { path }), 421, path)
  }
  const refusal = await ask(url, { host, 'user-agent': 'curl/8', origin: `http://${host}` })
  assert.equal(refusal.status, 421)
  assert.match(
    refusal.text,
    /add \\"rebound\.example\\" to allowed_hosts in flamenco-manager\.yaml/,
  )
  for (const sly of [
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example.',
    'a b.local',
  ]) {
    assert.equal(await statusFor(url, { host: sly }), 421, sly)
  }
})

test('a manager answers under its addresses, local names and those it was given', async (t) => {
  const { url } = await openManager(t, { config: { allowed_hosts: ['farm.studio.example'] } })
  for (const host of [
    'localhost:8080',
    '10.1.2.3',
    '[::1]:80',
    'farm',
    'farm.local',
    'farm.local.',
    'FARM.studio.example:8080',
  ]) {
    assert.equal(await statusFor(url, { host }), 200, host)
  }
})
