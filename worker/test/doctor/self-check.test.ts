import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DoctorReport } from '@shaman-farm/manager-api'
import { pino } from 'pino'
import type { Finding } from '../../src/doctor/checks.ts'
import { examine } from '../../src/doctor/examine.ts'
import { type Look, shareLooks } from '../../src/doctor/self-check.ts'
import { startWorker } from '../../src/main.ts'
import { command, makeTask, type StandIn, startStandIn } from '../manager-stand-in.ts'
import { tempDir } from '../temp.ts'

interface Ward {
  manager: StandIn
  reports: DoctorReport[]
  /** The depths looked at, in order. */
  looks: string[]
  look: Look
}

/** A manager that takes reports, and a machine that is quickly looked over. */
async function openWard(t: TestContext): Promise<Ward> {
  const reports: DoctorReport[] = []
  const looks: string[] = []
  const look: Look = async ({ depth }) => {
    looks.push(depth)
    const findings: Finding[] = [{ check: 'blender', status: 'ok', message: `Blender, ${depth}` }]
    return [...findings, { check: 'disk', status: 'warning', message: '1 GB free', hint: 'Tidy.' }]
  }
  const manager = await startStandIn(t, {
    async extend(app) {
      app.post('/api/v3/farm/worker/doctor', async (request, reply) => {
        reports.push(request.body as DoctorReport)
        // As if asked again after the first, which would else answer the wish.
        manager.doctorWanted &&= reports.length < 2
        return reply.code(204).send()
      })
    },
  })
  return { manager, reports, looks, look }
}

async function workerIn(t: TestContext, { manager, look }: Ward): Promise<void> {
  const worker = await startWorker({
    managerUrl: manager.url,
    home: await tempDir(t),
    name: 'patient',
    taskTypes: ['misc'],
    log: pino({ level: 'silent' }),
    look,
    timing: { waitSeconds: 5, idleMs: 20, retryMinMs: 5, retryMaxMs: 20 },
  })
  t.after(() => worker.stop())
}

test('a worker that signs on reports on its machine, and in full once it has nothing to do', async (t) => {
  const ward = await openWard(t)
  await workerIn(t, ward)
  await ward.manager.until(() => ward.reports.length === 2)
  assert.deepEqual(ward.looks, ['light', 'all'])
  const { checks, platform, version } = ward.reports[1]!
  assert.equal(platform, process.platform)
  assert.match(version, /^\d/)
  assert.deepEqual(checks, [
    { id: 'blender', title: 'Blender', status: 'ok', value: 'Blender, all' },
    { id: 'disk', title: 'Disk', status: 'warn', value: '1 GB free', hint: 'Tidy.' },
  ])
})

test('a report that somebody asked for comes at once', async (t) => {
  const ward = await openWard(t)
  ward.manager.doctorWanted = true
  // At work and so never idle: only the wish makes it look.
  ward.manager.queue.push(makeTask([command('sleep', { duration_in_seconds: 600 })]))
  await workerIn(t, ward)
  await ward.manager.until(() => ward.reports.length === 2)
  assert.deepEqual(ward.looks, ['light', 'all'])
})

test("Flamenco's manager, which takes no reports, is not bothered again and again", async (t) => {
  const manager = await startStandIn(t, { holds: false })
  const { look, looks } = await openWard(t)
  await workerIn(t, { manager, look, looks, reports: [] })
  const asked = (): number => manager.requests.filter((line) => line.endsWith('/doctor')).length
  await manager.until(() => asked() === 1)
  const before = manager.requests.length
  await manager.until(() => manager.requests.length > before + 10)
  assert.equal(asked(), 1)
  assert.deepEqual(looks, ['light'])
})

test('slots of one machine look it over once', async () => {
  let looks = 0
  const look = shareLooks(async () => {
    looks += 1
    return []
  })
  const options = { client: undefined, home: '/', depth: 'all' } as const
  await Promise.all([look(options), look(options), look({ ...options, depth: 'light' })])
  assert.equal(looks, 2)
})

test('a light look makes nothing render, and says what it left out', async (t) => {
  const run: string[] = []
  const findings = await examine({
    client: undefined,
    home: await tempDir(t),
    depth: 'light',
    async run(argv) {
      run.push(argv.join(' '))
      return 'Blender 4.3.2\nffmpeg version 7 libx264'
    },
  })
  assert.deepEqual(run, ['blender --version', 'ffmpeg -version', 'ffmpeg -hide_banner -encoders'])
  const devices = findings.find(({ check }) => check === 'devices')
  assert.equal(devices?.status, 'skipped')
})
