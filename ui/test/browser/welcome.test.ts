import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DoctorReport } from '@shaman-farm/manager-api'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 3,
  jobs: [{ name: 'shot', frames: '1-12', finish: 4, running: 1 }],
})

const report = (status: 'ok' | 'fail', value: string, hint?: string): DoctorReport => ({
  at: new Date().toISOString(),
  version: '0.1.0',
  platform: 'linux',
  checks: [
    { id: 'storage', title: 'Storage', status: 'ok', value: 'mounted' },
    { id: 'device CPU', title: 'Test render, CPU', status, value, ...(hint ? { hint } : {}) },
  ],
})

test('the checklist ends when every worker has rendered a test frame', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/welcome`)
  const step = page.getByRole('listitem').filter({ hasText: 'Every worker has rendered' }).first()
  await page.getByRole('heading', { name: 'Set up this farm' }).waitFor()
  await step.getByText('node-03').waitFor()
  await step.getByRole('button', { name: 'Render a test frame on every worker' }).click()
  await page.getByText('Asked 3 workers.').waitFor()

  const [first, second, third] = farm.seeded.workers
  await first!.client.farmReportDoctor({ body: report('ok', 'Ryzen: 64 pixels in 1.2 s') })
  await second!.client.farmReportDoctor({ body: report('ok', 'Ryzen: 64 pixels in 1.4 s') })
  const bad = report('fail', 'Blender could not render 64 pixels', 'Run it by hand.')
  await third!.client.farmReportDoctor({ body: bad })
  await step.getByText('could not render 64 pixels. Run it by hand.').waitFor()
  await page.getByRole('heading', { name: 'Set up this farm' }).waitFor()

  await third!.client.farmReportDoctor({ body: report('ok', 'Ryzen: 64 pixels in 1.3 s') })
  await page.getByRole('heading', { name: 'This farm is ready' }).waitFor()
  assert.deepEqual(problems, [])
})

test('the page of the add-on tells two steps, and what it links to is there', async (t) => {
  if (needsChromium(t)) return
  const { url } = farm.manager
  const { page, problems } = await openPage(t, farm.browser, `${url}/app/addon`)
  assert.equal(await page.getByRole('heading', { level: 2 }).count(), 2)
  const drop = page.getByRole('link', { name: 'Drag me into Blender' })
  const address = new URL((await drop.getAttribute('href')) ?? '', url)
  // As Blender reads it: relative to the file's own folder.
  const repository = new URL(address.searchParams.get('repository') ?? '', address)
  assert.equal(await page.getByText(repository.href, { exact: true }).count(), 1)
  for (const one of [address, repository, new URL('/docs/addon.md', url)]) {
    const { status } = await fetch(one, { signal: AbortSignal.timeout(10_000) })
    assert.equal(status, 200, one.href)
  }
  assert.deepEqual(problems, [])
})
