import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { makeToken } from '../../../test/security.ts'
import { needsChromium, openBrowser, openPage, startManagerProcess } from './dashboard.ts'

test('a farm with tokens asks for one; an admin makes and revokes others, and lets a worker in', async (t) => {
  if (needsChromium(t)) return
  const dir = await mkdtemp(join(tmpdir(), 'farm-ui-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const data = join(dir, 'data')
  await mkdir(data)
  await writeFile(join(data, 'flamenco-manager.yaml'), '_meta: {version: 3}\nauth: tokens\n')
  const manager = await startManagerProcess(0, dir)
  t.after(() => manager.stop())
  const admin = await makeToken(data, 'admin', 'ada')
  const browser = await openBrowser()
  t.after(() => browser.close())
  const { page } = await openPage(t, browser, `${manager.url}/app/settings/access`)

  const dialog = page.getByRole('dialog', { name: 'This farm asks for a token' })
  await dialog.getByLabel('Token').fill(admin)
  await dialog.getByRole('button', { name: 'Use this token' }).click()
  await page.getByText('You are ada, admin.').waitFor()

  const tokens = page.getByRole('region', { name: 'Tokens' })
  await tokens.getByLabel('Whose it is').fill('kim')
  await tokens.getByLabel('Role').selectOption('artist')
  await tokens.getByRole('button', { name: 'Make a token' }).click()
  const made = (await tokens.getByRole('status').locator('code').textContent())!
  const statusOfKim = async (): Promise<number> =>
    (
      await fetch(`${manager.url}/api/v3/jobs`, {
        headers: { Authorization: `Bearer ${made}` },
        signal: AbortSignal.timeout(10_000),
      })
    ).status
  assert.equal(await statusOfKim(), 200)
  const kim = tokens.getByRole('listitem').filter({ hasText: 'kim' })
  await kim.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('Revoked kim.').waitFor()
  await kim.waitFor({ state: 'detached' })
  assert.equal(await statusOfKim(), 401)

  const types = ['blender']
  const { uuid } = await createManagerClient({ url: manager.url }).registerWorker({
    body: { secret: 's', platform: 'linux', supported_task_types: types, name: 'node-07' },
  })
  const worker = createManagerClient({ url: manager.url, worker: { uuid, secret: 's' } })
  await assert.rejects(worker.scheduleTask(), /waits to be let in/)
  await page.reload()
  const waiting = page.getByRole('region', { name: 'Workers that wait to be let in' })
  await waiting.getByText('node-07').waitFor()
  await waiting.getByRole('button', { name: 'Let it in' }).click()
  await page.getByText('Let in node-07.').waitFor()
  await waiting.waitFor({ state: 'detached' })
  await worker.signOn({
    body: { name: 'node-07', supported_task_types: types, software_version: '0.1.0' },
  })
  await worker.workerStateChanged({ body: { status: 'awake' } })
  assert.equal(await worker.scheduleTask(), undefined)
})
