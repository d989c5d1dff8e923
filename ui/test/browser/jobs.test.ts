import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import { seedFarm } from '../../dev/seed.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 4,
  jobs: [
    { name: 'titles_v4', frames: '1-4', finish: 5 },
    {
      name: 'hero',
      frames: '101-140',
      finish: 12,
      failing: [105, 106],
      running: 2,
      pictures: true,
    },
    { name: 'waiting', frames: '1-30', finish: 0 },
  ],
})

const row = (page: Page, name: string) => page.locator('tbody tr', { hasText: name })

test('the list shows every job and follows what happens to it', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs`)
  await row(page, 'hero').getByText('active').waitFor()
  await row(page, 'titles_v4').getByText('completed').waitFor()
  const client = createManagerClient({ url: farm.manager.url })
  const job = await client.submitJob({
    body: {
      name: 'came later',
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
    },
  })
  await row(page, 'came later').getByText('queued').waitFor()
  await client.deleteJob({ params: { job_id: job.id } })
  await row(page, 'came later').waitFor({ state: 'detached' })
  assert.deepEqual(problems, [])
})

test('a job is paused by keyboard alone, the answer is told, and it can be taken back', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs?q=waiting`)
  await row(page, 'waiting').getByText('queued').waitFor()
  await page.keyboard.press('Tab')
  await row(page, 'waiting').focus()
  await page.keyboard.press('x')
  await page.keyboard.press('p')
  await page.getByText('Paused waiting.').waitFor()
  await row(page, 'waiting').getByText('paused').waitFor()
  await page.keyboard.press('u')
  await row(page, 'waiting').getByText('queued').waitFor()
})

test('nothing moves under the pointer: new order waits until it is asked for', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs?sort=-priority`)
  await row(page, 'hero').waitFor()
  const order = () => page.locator('tbody tr[data-key] a').allTextContents()
  const before = await order()
  await row(page, 'hero').hover()
  const last = farm.seeded.jobs.find((job) => job.name === before.at(-1))!
  const client = createManagerClient({ url: farm.manager.url })
  await client.setJobPriority({ params: { job_id: last.id }, body: { priority: 99 } })
  await page.getByRole('button', { name: /change/ }).waitFor()
  assert.deepEqual(await order(), before)
  await page.getByRole('button', { name: /change/ }).click()
  await page.waitForFunction(
    (name) => document.querySelector('tbody tr[data-key] a')?.textContent === name,
    last.name,
  )
})

test('chips filter, the address keeps the filter, and no match offers the way out', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs`)
  await page.getByRole('button', { name: /completed 1/ }).click()
  await row(page, 'hero').waitFor({ state: 'detached' })
  assert.equal(new URL(page.url()).searchParams.get('status'), 'completed')
  await page.keyboard.press('/')
  await page.keyboard.type('nothing like this')
  await page.getByText('No job matches.').waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await row(page, 'hero').waitFor()
  // A chip counts what choosing it would show.
  await page.goto(`${farm.manager.url}/app/jobs?q=titles`)
  await row(page, 'titles_v4').waitFor()
  const chips = page.getByRole('group', { name: 'Filter by status' }).getByRole('button')
  assert.deepEqual(await chips.allInnerTexts(), ['completed 1'])
})

test('deleting says first what it does, and then does it', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const job = await client.submitJob({
    body: {
      name: 'to be deleted',
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'bye', sleep_duration_seconds: 0, sleep_repeats: 1 },
    },
  })
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs/${job.id}`)
  await page.getByRole('button', { name: /^Delete…/ }).click()
  await page.getByText('No checkout in the store belongs to it.').waitFor()
  await page.getByRole('button', { name: 'Delete “to be deleted”' }).click()
  await page.getByText('Deleting to be deleted.').waitFor()
  await page.waitForURL('**/app/jobs')
  await row(page, 'to be deleted').waitFor({ state: 'detached' })
})

test('a finished job is archived from its page, stays there, and offers nothing but deletion then', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const { id: job_id } = await client.submitJob({
    body: {
      name: 'kept for the record',
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      initial_status: 'paused',
      settings: { message: 'bye', sleep_duration_seconds: 0, sleep_repeats: 1 },
    },
  })
  const params = { job_id }
  await client.setJobStatus({ params, body: { status: 'cancel-requested', reason: 'test' } })
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs/${job_id}`)
  await page.getByRole('button', { name: /^Archive…/ }).click()
  await page.getByText('cannot be run again').waitFor()
  await page.getByRole('button', { name: 'Archive “kept for the record”' }).click()
  await page.getByText('Archived kept for the record.').waitFor()
  await page.getByRole('button', { name: /^Archive…/ }).waitFor({ state: 'detached' })
  assert.equal(await page.getByRole('button', { name: /^Requeue/ }).count(), 0)
  assert.equal(await page.getByRole('button', { name: /^Delete…/ }).count(), 1)
  assert.ok((await client.farmJob({ params })).archived)
  await client.deleteJob({ params })
})

test('a failed frame is found by key, opens its task, tells its attempts and is requeued', async (t) => {
  if (needsChromium(t)) return
  const hero = farm.seeded.jobs.find((job) => job.name === 'hero')!
  const { page, problems } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/jobs/${hero.id}`,
  )
  const cell = page.getByRole('gridcell')
  await page.getByText(/in trouble/).waitFor()
  await cell.focus()
  await page.keyboard.press('f')
  assert.match((await cell.getAttribute('aria-label')) ?? '', /^Frame 105, (soft-)?failed/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'render-105' }).waitFor()
  await page.getByText('out of memory:').first().waitFor()
  await page
    .getByRole('log')
    .getByText(/CUDA error/)
    .first()
    .waitFor()
  assert.deepEqual(problems, [])
})

test('a long list of tasks is scrolled to its end without a blank row', async (t) => {
  if (needsChromium(t)) return
  const { jobs } = await seedFarm(farm.manager.url, {
    workers: 0,
    jobs: [{ name: 'long', frames: '1-1500', finish: 0 }],
  })
  const { page } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/jobs/${jobs[0]!.id}/tasks`,
  )
  await page.getByText('render-1', { exact: true }).waitFor()
  await page
    .getByRole('grid', { name: 'Tasks' })
    .locator('..')
    .evaluate((scroller) => {
      scroller.scrollTop = scroller.scrollHeight
    })
  await page.getByText('render-1500', { exact: true }).waitFor()
  await page.getByText('preview-video', { exact: true }).waitFor()
})

test('frames chosen by dragging are told as a range and requeued together', async (t) => {
  if (needsChromium(t)) return
  const titles = farm.seeded.jobs.find((job) => job.name === 'titles_v4')!
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs/${titles.id}`)
  const canvas = page.locator('canvas').first()
  await canvas.waitFor()
  const box = (await canvas.boundingBox())!
  await page.mouse.move(box.x + 54, box.y + 6)
  await page.mouse.down()
  await page.mouse.move(box.x + 54 + 32, box.y + 6, { steps: 4 })
  await page.mouse.up()
  await page.getByText('1-3', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Requeue 3 tasks' }).click()
  await page.getByText('Requeued 3 tasks.').waitFor()
})
