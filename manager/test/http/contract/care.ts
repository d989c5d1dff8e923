import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { buildBlend, layouts } from '../../../../pack/test/blend-builder.ts'
import { submitEcho } from '../../running-manager.ts'
import { nobody, openSetting, unknownId } from './setting.ts'

test("workers' health and the storage answer as documented", async (t) => {
  const { expect, worker } = await openSetting(t)
  const params = { worker_id: worker.uuid }
  const unknown = { params: { worker_id: unknownId } }
  const malformed = { params: { worker_id: 'not-an-id' } }
  const body = {
    at: '2026-01-05T12:00:00Z',
    version: '0.1.0',
    platform: 'linux',
    checks: [{ id: 'storage', title: 'Storage', status: 'warn', value: 'slow' }],
  }
  assert.deepEqual(await expect('farmWorkerDoctor', 200, { params }), { checks: [] })
  await expect('farmWorkerDoctor', 400, malformed)
  await expect('farmRequestDoctor', 202, { params })
  await expect('farmRequestDoctor', 404, unknown)
  await expect('farmRequestDoctor', 400, malformed)
  await expect('farmReportDoctor', 403, { ...nobody, body })
  await expect('farmReportDoctor', 400, { body: { ...body, checks: [{ id: 'x' }] } })
  await expect('farmReportDoctor', 204, { body })
  await expect('farmWorkerDoctor', 200, { params })
  await expect('farmWorkerDoctor', 404, unknown)
  await expect('farmStorageCheck', 200)
})

test('settings answer as documented', async (t) => {
  const { expect } = await openSetting(t)
  await expect('farmChangeConfig', 200, { body: { manager_name: 'One' } })
  await expect('farmChangeConfig', 200, { body: { manager_name: 'Two' } })
  await expect('farmChangeConfig', 400, { body: { listen: 'nowhere' } })
  await expect('farmConfigHistory', 200)
  await expect('farmUndoConfig', 400, { body: { revision: 'last' } })
  await expect('farmUndoConfig', 404, { body: { revision: 99 } })
  await expect('farmUndoConfig', 409, { body: { revision: 1 } })
  await expect('farmUndoConfig', 200, { body: { revision: 2 } })
})

test('questions to the store before something is done answer as documented', async (t) => {
  const { expect, manager } = await openSetting(t)
  const job = await submitEcho(manager)
  await expect('farmDeletionPreview', 200, { query: `?ids=${job.id}` })
  await expect('farmDeletionPreview', 404, { query: `?ids=${unknownId}` })
  await expect('farmDeletionPreview', 400)
  await expect('farmTrace', 400, { body: {} })
  const contents = { 'a.blend': buildBlend(layouts.le64!, []), 'b.blend': Buffer.from('no scene') }
  const files = Object.entries(contents).map(([path, bytes]) => ({
    path,
    digest: digestOf(bytes),
    source: { bytes },
  }))
  const client = createShamanClient({ url: manager.url })
  const { checkoutPath } = await client.submit({ files, checkoutPath: 'scene' })
  await expect('farmTrace', 200, { body: { checkout_id: checkoutPath, blend: 'a.blend' } })
  await expect('farmTrace', 422, { body: { checkout_id: checkoutPath, blend: 'b.blend' } })
  await expect('farmTrace', 404, { body: { checkout_id: 'none', blend: 'a.blend' } })
})
