import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { applyPatch, patchBetween, touchedKeys } from '../../src/config/merge-patch.ts'
import { openManager } from '../running-manager.ts'

test('the patch between any two objects makes the one of the other', () => {
  const sayable = (text: string): boolean => !/null|-0|__proto__/.test(text)
  const objects = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }))
    .map((object) => JSON.stringify(object))
    .filter(sayable)
    .map((text) => JSON.parse(text) as Record<string, unknown>)
  fc.assert(
    fc.property(objects, objects, (before, after) => {
      const patch = JSON.parse(JSON.stringify(patchBetween(before, after)))
      assert.deepEqual(applyPatch(before, patch), after)
      assert.equal(touchedKeys(patch).length === 0, JSON.stringify(patch) === '{}')
    }),
  )
})

test('a patch changes what it names, at once where possible, and says what waits for a restart', async (t) => {
  const manager = await openManager(t)
  const { client } = manager
  const body = { job_fail_percent: 25, shaman: { garbageCollect: { period: '12h' } } }
  const change = await client.farmChangeConfig({ body })
  assert.deepEqual(change.applied, ['job_fail_percent'])
  assert.deepEqual(change.restart_needed, ['shaman.garbageCollect.period'])
  assert.equal(change.config.job_fail_percent, 25)
  const file = parse(await readFile(join(manager.dir, 'flamenco-manager.yaml'), 'utf8'))
  assert.equal(file.shaman.garbageCollect.period, '12h')
  assert.equal(file.shaman.garbageCollect.maxAge, '744h')
})

test('null takes a key back to its default', async (t) => {
  const { client } = await openManager(t, { config: { task_timeout: '1h' } })
  const { config } = await client.farmChangeConfig({ body: { task_timeout: null } })
  assert.equal(config.task_timeout, '10m')
})

test('a patch that would make a wrong configuration changes nothing and names the field', async (t) => {
  const { client } = await openManager(t)
  const answer = await client.request('farmChangeConfig', {
    body: { manager_name: 'Ours', worker_timeout: 'soon' },
  })
  assert.equal(answer.status, 400)
  assert.deepEqual(
    (answer.body as { fields: { field: string }[] }).fields.map((f) => f.field),
    ['worker_timeout'],
  )
  assert.equal((await client.getVersion()).name, 'Shaman Farm')
  assert.deepEqual((await client.farmConfigHistory()).revisions, [])
})

test('a change is undone, and the undoing too', async (t) => {
  const { client } = await openManager(t)
  const nameNow = async () => (await client.getVersion()).name
  const { revision } = await client.farmChangeConfig({ body: { manager_name: 'Ours' } })
  const undoing = await client.farmUndoConfig({ body: { revision } })
  assert.equal(await nameNow(), 'Shaman Farm')
  await client.farmUndoConfig({ body: { revision: undoing.revision } })
  assert.equal(await nameNow(), 'Ours')
  const { revisions } = await client.farmConfigHistory()
  assert.deepEqual(
    revisions.map(({ patch, undone, undoes }) => [patch.manager_name, undone, undoes]),
    [
      ['Ours', false, 2],
      ['Shaman Farm', true, 1],
      ['Ours', false, undefined],
    ],
  )
})

test('a change that a later one builds on is undone only after it; others do not matter', async (t) => {
  const { client } = await openManager(t)
  const first = await client.farmChangeConfig({ body: { manager_name: 'One' } })
  await client.farmChangeConfig({ body: { job_fail_percent: 30 } })
  const third = await client.farmChangeConfig({ body: { manager_name: 'Two' } })
  const early = await client.request('farmUndoConfig', { body: { revision: first.revision } })
  assert.equal(early.status, 409)
  await client.farmUndoConfig({ body: { revision: third.revision } })
  await client.farmUndoConfig({ body: { revision: first.revision } })
  assert.equal((await client.getVersion()).name, 'Shaman Farm')
  assert.equal((await client.getConfigurationFile()).job_fail_percent, 30)
  const again = await client.request('farmUndoConfig', { body: { revision: first.revision } })
  assert.equal(again.status, 409)
})

test('a secret stands in no answer and in no history, and survives being shown and sent back', async (t) => {
  const manager = await openManager(t)
  const { client } = manager
  const secret = 'very secret'
  await client.farmChangeConfig({ body: { mqtt: { client: { password: secret } } } })
  const shown = await client.getConfigurationFile()
  await client.updateConfigurationFile({ body: { ...shown, manager_name: 'Ours' } })
  const told = JSON.stringify([shown, await client.farmConfigHistory()])
  assert.ok(!told.includes(secret))
  const file = parse(await readFile(join(manager.dir, 'flamenco-manager.yaml'), 'utf8'))
  assert.equal(file.mqtt.client.password, secret)
})

test('what a running manager stands on stays as it is until the next start', async (t) => {
  const manager = await openManager(t)
  await manager.client.farmChangeConfig({ body: { shaman: { enabled: false } } })
  const defaults = { query: { platform: 'linux' } }
  const before = await manager.client.farmSubmissionDefaults(defaults)
  assert.equal(before.shaman_enabled, true)
  assert.equal(before.jobs_location, join(manager.dir, 'storage', 'jobs'))
  await manager.restart()
  const after = await manager.client.farmSubmissionDefaults(defaults)
  assert.equal(after.shaman_enabled, false)
})
