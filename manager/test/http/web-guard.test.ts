import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { openManager } from '../running-manager.ts'

/** By node:http, as fetch does not let a Host header be set. */
function statusFor(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/api/v3/version`, { method, headers, timeout: 10_000 })
    call.on('response', (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    call.on('error', reject)
    call.end()
  })
}

const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }

test('pages of other sites are refused, whatever they ask', async (t) => {
  const { url } = await openManager(t)
  const { host } = new URL(url)
  assert.equal(await statusFor(url, { ...browser, origin: 'http://evil.example' }), 403)
  assert.equal(await statusFor(url, { ...browser, origin: 'null' }), 403)
  assert.equal(await statusFor(url, { ...browser, origin: 'http://localhost:1' }), 403)
  assert.equal(await statusFor(url, { ...browser, origin: `http://${host}` }), 200)
})

test('a page whose name was pointed at this address is refused', async (t) => {
  const { url } = await openManager(t, { config: { allowed_hosts: ['farm.studio.example'] } })
  assert.equal(await statusFor(url, { ...browser, host: 'rebound.example' }), 403)
  const own = 'rebound.example:8080'
  assert.equal(await statusFor(url, { ...browser, host: own, origin: `http://${own}` }), 403)
  for (const name of [
    'localhost:8080',
    '10.1.2.3',
    '[::1]:80',
    'farm',
    'farm.local',
    'farm.studio.example',
  ]) {
    assert.equal(await statusFor(url, { ...browser, host: name }), 200, name)
  }
})

test('programs that are no browsers may use any name', async (t) => {
  const { url } = await openManager(t)
  assert.equal(await statusFor(url, { host: 'farm.studio.example', 'user-agent': 'curl/8' }), 200)
})
