import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import {
  checkBlender,
  checkDevices,
  checkDisk,
  checkFfmpeg,
  checkManager,
  runChecks,
} from '../../src/doctor/checks.ts'
import { isMissing } from '../required.ts'
import { tempDir } from '../temp.ts'

async function managerWithClock(t: TestContext, offsetMs: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() + offsetMs).toUTCString())
    response.end(JSON.stringify({ name: 'Shaman Farm', version: '1' }))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('Blender is found and renders 64 pixels on the processor', async (t) => {
  if (isMissing(t, 'blender')) return
  assert.match((await checkBlender()).message, /^Blender \d/)
  const cpu = (await checkDevices()).find(({ check }) => check === 'device CPU')
  assert.equal(cpu?.status, 'ok', cpu?.message)
})

test('a Blender that is not there is a problem with a hint', async () => {
  const finding = await checkBlender('/nowhere/blender')
  assert.equal(finding.status, 'problem')
  assert.match(finding.hint ?? '', /Install it/)
})

test('an ffmpeg that is not there is a problem', async () => {
  assert.equal((await checkFfmpeg('/nowhere/ffmpeg')).status, 'problem')
})

test('free space is told', async (t) => {
  assert.match((await checkDisk(await tempDir(t))).message, /free in/)
})

test('clocks that agree are fine, clocks an hour apart are told', async (t) => {
  const statusOf = async (offsetMs: number): Promise<string | undefined> =>
    (await checkManager(await managerWithClock(t, offsetMs))).find(({ check }) => check === 'clock')
      ?.status
  assert.equal(await statusOf(0), 'ok')
  assert.equal(await statusOf(3_600_000), 'warning')
  assert.equal(await statusOf(-3_600_000), 'warning')
})

test('a manager that does not answer is a problem', async () => {
  const [finding] = await checkManager('http://127.0.0.1:9')
  assert.equal(finding?.status, 'problem')
})

test('a check that breaks is a finding, and the others still run', async () => {
  const findings = await runChecks({
    broken: async () => {
      throw new Error('no such luck')
    },
    fine: async () => ({ check: 'fine', status: 'ok', message: '' }),
  })
  assert.deepEqual(
    findings.map(({ check, status }) => [check, status]),
    [
      ['broken', 'problem'],
      ['fine', 'ok'],
    ],
  )
})
