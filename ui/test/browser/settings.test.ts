import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { needsChromium, openPage, startFarm } from './dashboard.ts'

test('a setting is changed with its effect told, refused where it is wrong, and taken back', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/settings/timeouts`)
  const client = createManagerClient({ url: manager.url })
  const threshold = async () =>
    ((await client.getConfigurationFile()) as Record<string, unknown>).blocklist_threshold
  const save = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Save 1 change…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save 1 change' }).click()
  }
  await page.getByLabel('blocklist_threshold').fill('7')
  await save()
  await page.getByText('Saved 1 setting.').waitFor()
  assert.equal(await threshold(), 7)

  await page.getByLabel('worker_timeout').fill('soon')
  await save()
  const refusal = page.getByRole('alert')
  await refusal.getByText(/worker_timeout/).waitFor()
  await refusal.getByRole('button', { name: 'Copy report' }).waitFor()
  await page.getByRole('button', { name: 'Undo edits' }).click()

  await page.getByRole('link', { name: 'Changes' }).click()
  await page.getByText('blocklist_threshold → 7').first().waitFor()
  await page.getByRole('button', { name: 'Take back' }).first().click()
  await page.getByText('Took back change 1.').waitFor()
  assert.equal(await threshold(), 3)
  // The refusal is an answer of 400, which a browser writes to its console.
  assert.deepEqual(
    problems.filter((problem) => !problem.includes('400')),
    [],
  )
})

test('a variable is made with a value for each platform, and a key inside another is edited there', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/settings/variables`)
  const client = createManagerClient({ url: manager.url })
  const file = async () => (await client.getConfigurationFile()) as Record<string, unknown>
  await page.getByLabel('Name of a new variable').fill('shared')
  await page.keyboard.press('Enter')
  await page.getByLabel('Value of shared', { exact: true }).fill('/mnt/shared')
  const variable = page.getByRole('group', { name: '{shared}' })
  await variable.getByRole('button', { name: 'Add a value' }).click()
  await variable.getByLabel('Platform for shared').last().selectOption('windows')
  await variable.getByLabel('Value of shared', { exact: true }).last().fill('S:')
  await page.getByLabel('two-way').last().check()
  await page.getByRole('button', { name: 'Save 1 change…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save 1 change' }).click()
  await page.getByText(/^Saved \d settings?\.$/).waitFor()
  assert.deepEqual(((await file()).variables as Record<string, unknown>).shared, {
    is_twoway: true,
    values: [
      { audience: 'all', platform: 'linux', value: '/mnt/shared' },
      { audience: 'all', platform: 'windows', value: 'S:' },
    ],
  })

  await page.getByRole('link', { name: 'Storage', exact: true }).last().click()
  await page.getByLabel('shaman.garbageCollect.period').fill('12h')
  await page.getByRole('button', { name: 'Save 1 change…' }).click()
  await page.getByRole('dialog').getByText('"period":"12h"').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Save 1 change' }).click()
  await page
    .getByText(/^Saved 1 setting\./)
    .last()
    .waitFor()
  assert.deepEqual((await file()).shaman, {
    enabled: true,
    garbageCollect: { period: '12h', maxAge: '744h' },
  })
  assert.deepEqual(problems, [])
})

test('the checklist ticks what is so, and tells the one command for what is next', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { page } = await openPage(t, browser, `${manager.url}/app/welcome`)
  await page.getByRole('heading', { name: /^The store can be written ?, done$/ }).waitFor()
  await page.getByRole('heading', { name: /^A worker has signed on ?, to do$/ }).waitFor()
  await page.getByText(`farm worker --manager ${manager.url}`).waitFor()
  const client = createManagerClient({ url: manager.url })
  const types = ['blender']
  const { uuid } = await client.registerWorker({
    body: { secret: 's', platform: 'linux', supported_task_types: types, name: 'node-01' },
  })
  const worker = createManagerClient({ url: manager.url, worker: { uuid, secret: 's' } })
  await worker.signOn({
    body: { name: 'node-01', supported_task_types: types, software_version: '0.1.0' },
  })
  await page.getByRole('heading', { name: /^A worker has signed on ?, done$/ }).waitFor()
  await worker.farmReportDoctor({
    body: {
      at: new Date().toISOString(),
      version: '0.1.0',
      platform: 'linux',
      checks: [{ id: 'storage', title: 'Storage', status: 'ok', value: 'is mounted' }],
    },
  })
  await page.getByRole('heading', { name: /^A worker can read the store ?, done$/ }).waitFor()
})
