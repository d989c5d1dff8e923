import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManagerClient, type JobStatus } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 3,
  jobs: [
    { name: 'sh010_comp_v001', frames: '1-4', finish: 5, pictures: true },
    { name: 'sh020_anim_v001', frames: '1-12', finish: 6, failing: [3, 5], pictures: true },
    { name: 'sh030_light_v001', frames: '1-6', finish: 0 },
    { name: 'sh040_fx_v001', frames: '1-6', finish: 0 },
  ],
})

const client = () => createManagerClient({ url: farm.manager.url })
const jobNamed = (name: string) => farm.seeded.jobs.find((job) => job.name === name)!
const statusOf = async (name: string): Promise<JobStatus> =>
  (await client().fetchJob({ params: { job_id: jobNamed(name).id } })).status
const row = (page: Page, name: string) => page.locator('tbody tr', { hasText: name })

test('by keys alone: what failed is found, its error read, and it is put back in the queue', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/`)
  await page.getByText(/^live/).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('j')
  await row(page, 'sh020_anim_v001').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('sh020')
  await row(page, 'sh030_light_v001').waitFor({ state: 'detached' })
  const focus = () => page.evaluate(() => document.activeElement?.getAttribute('data-key'))
  for (let step = 0; step < 20 && (await focus()) === null; step += 1) {
    await page.keyboard.press('Tab')
  }
  assert.equal(await focus(), jobNamed('sh020_anim_v001').id)
  await page.keyboard.press('Enter')
  const cell = page.getByRole('gridcell', { name: /^Frame / })
  await page.getByText(/in trouble/).waitFor()
  const isCell = () => page.evaluate(() => document.activeElement?.getAttribute('role'))
  for (let step = 0; step < 40 && (await isCell()) !== 'gridcell'; step += 1) {
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('f')
  assert.match((await cell.getAttribute('aria-label')) ?? '', /^Frame 3, failed/)
  await page.keyboard.press('Shift+F')
  await page.keyboard.press('F')
  await page.keyboard.press('f')
  await page.keyboard.press('Enter')
  await page
    .getByText(/CUDA error: Out of memory/)
    .first()
    .waitFor()
  const requeue = page.getByRole('button', { name: 'Requeue', exact: true }).last()
  await requeue.focus()
  await page.keyboard.press('Enter')
  await page.getByText(/^Requeued render-\d\.$/).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.waitForURL('**/app/jobs')
  assert.deepEqual(problems, [])
})

test('an act on many tells of each; what it does not apply to is left, and it can be taken back', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs?sort=name`)
  for (const name of ['sh010_comp_v001', 'sh030_light_v001', 'sh040_fx_v001']) {
    await page.getByLabel(`Select ${name}`).check()
  }
  const before = await row(page, 'sh030_light_v001').boundingBox()
  // One of them goes away meanwhile: its result is its own.
  await page.route(`**/jobs/${jobNamed('sh040_fx_v001').id}/setstatus`, (route) =>
    route.fulfill({
      status: 404,
      json: { code: 404, message: 'no such job', error_code: 'JOB_UNKNOWN' },
    }),
  )
  await page.getByRole('button', { name: 'Pause 2 of 3' }).click()
  await page.getByText('Paused 1 of 2 jobs. sh040_fx_v001: no such job').waitFor()
  assert.equal(await statusOf('sh030_light_v001'), 'paused')
  assert.equal(await statusOf('sh040_fx_v001'), 'queued')
  assert.equal(await statusOf('sh010_comp_v001'), 'completed')
  assert.deepEqual(await row(page, 'sh030_light_v001').boundingBox(), before)
  await page.getByRole('button', { name: 'Copy report' }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Took it back for sh030_light_v001.').waitFor()
  assert.equal(await statusOf('sh030_light_v001'), 'queued')

  await page.keyboard.press('m')
  const notices = page.getByRole('dialog', { name: 'Notices' })
  await notices.getByText('Paused 1 of 2 jobs. sh040_fx_v001: no such job').waitFor()
})

test('priority goes up by a key for all that are selected, and a tag is given to many', async (t) => {
  if (needsChromium(t)) return
  const { id } = await client().createWorkerTag({ body: { name: 'gpu' } })
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs?sort=name`)
  await page.getByLabel('Select sh030_light_v001').check()
  await page.getByLabel('Select sh040_fx_v001').check()
  await page.keyboard.press('+')
  await page.getByText('Priority 60 for 2 jobs.').waitFor()
  await page.getByRole('button', { name: 'Tag', exact: true }).click()
  await page.getByRole('dialog', { name: 'Tag' }).getByRole('combobox').selectOption('gpu')
  await page.getByRole('button', { name: 'Set the tag' }).click()
  await page.getByText('Only workers with gpu take 2 jobs.').waitFor()
  const job = await client().fetchJob({ params: { job_id: jobNamed('sh040_fx_v001').id } })
  assert.deepEqual([job.priority, job.worker_tag], [60, id])
  await page.keyboard.press('u')
  await page.getByText('Took it back for 2 jobs.').waitFor()
})

test('a row has a menu, opened by its button or a dot, moved through by arrows', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs?q=sh040`)
  await row(page, 'sh040_fx_v001').focus()
  await page.keyboard.press('.')
  await page.getByRole('menuitem', { name: 'Pause' }).waitFor()
  await page.keyboard.press('ArrowDown')
  const focused = () => page.evaluate(() => document.activeElement?.textContent)
  assert.equal(await focused(), 'Cancel')
  await page.keyboard.press('Escape')
  await page.getByRole('menuitem', { name: 'Cancel' }).waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Acts on sh040_fx_v001' }).click()
  await page.getByRole('menuitem', { name: 'Cancel' }).click()
  await page.getByText('Canceled sh040_fx_v001.').waitFor()
  assert.match(await statusOf('sh040_fx_v001'), /^cancel/)
})

test('trouble is gathered by its cause, requeued from there, and acknowledged', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs`)
  await page.getByRole('link', { name: '1 needs attention' }).click()
  await page.getByRole('heading', { name: /runs failed: out of memory/ }).waitFor()
  await page.getByRole('button', { name: 'Acknowledge' }).click()
  await page.getByText(/^Acknowledged/).waitFor()
  await page.getByRole('link', { name: /needs attention/ }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Requeue \d tasks?$/ }).click()
  await page.getByText(/^Requeued /).waitFor()
  await page.getByText('Nothing needs you.').waitFor()
})

test('a picture is opened large, compared with another, and marked bad', async (t) => {
  if (needsChromium(t)) return
  const job = jobNamed('sh010_comp_v001').id
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs/${job}`)
  const frames = page.getByRole('button', { name: /^Open frame/ })
  await frames.first().click()
  const box = page.getByRole('dialog', { name: /^Frame \d/ })
  await box.getByRole('button', { name: '1:1' }).click()
  await box.getByRole('button', { name: 'Mark bad' }).click()
  await page.getByText(/^Requeued Frame \d\.$/).waitFor()
  await page.keyboard.press('Escape')
  await box.waitFor({ state: 'hidden' })
  assert.notEqual(await statusOf('sh010_comp_v001'), 'completed')
})
