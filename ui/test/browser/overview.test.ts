import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const project = { folder: 'spring', shared: 1, ownKb: 40 }
const farm = useSeededFarm({
  workers: 3,
  jobs: [
    { name: 'done', frames: '1-6', finish: 7, project },
    { name: 'high', frames: '1-20', finish: 3, failing: [2], priority: 70 },
    { name: 'low', frames: '1-9', finish: 0, priority: 10 },
  ],
})

test('the overview tells what was done in a day and how full the store is, as the manager has it', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const { completed, failed } = await client.farmThroughput()
  const sum = (counts: readonly number[]): number => counts.reduce((all, n) => all + n, 0)
  assert.deepEqual([sum(completed), sum(failed)], [10, 3])
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/`)
  const throughput = page.getByRole('region', { name: 'Throughput' })
  await throughput.getByText('10 tasks completed, 3 failed in 24 h').waitFor()
  await throughput
    .getByRole('img', { name: 'Last 24 hours: 10 tasks completed, 3 failed' })
    .waitFor()
  const store = page.getByRole('region', { name: 'Store' })
  await store.getByText('in 1 checkout', { exact: false }).waitFor()
  const meter = store.getByRole('meter', { name: /store holds/ })
  const { bytes, freeBytes } = (await (
    await fetch(`${farm.manager.url}/api/v3/shaman/x/stats`)
  ).json()) as { bytes: number; freeBytes: number }
  assert.equal(Number(await meter.getAttribute('value')), bytes)
  // What is free changes while others write to the same volume.
  const room = Number(await meter.getAttribute('max')) / (bytes + freeBytes)
  assert.ok(room > 0.5 && room < 2, `${room} of what the manager says`)
  await store.getByRole('link', { name: / free$/ }).click()
  await page.waitForURL('**/app/storage')
  assert.deepEqual(problems, [])
})

test('jobs in progress stand by their state and priority, whichever changed last', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/`)
  const names = page.getByRole('region', { name: 'Jobs in progress' }).getByRole('listitem')
  await names.nth(1).waitFor()
  const shown = async (): Promise<string[]> =>
    (await names.getByRole('link').allTextContents()).filter((name) => name !== '')
  assert.deepEqual(await shown(), ['high', 'low'])
  const client = createManagerClient({ url: farm.manager.url })
  const low = farm.seeded.jobs.find(({ name }) => name === 'low')!
  await client.setJobPriority({ params: { job_id: low.id }, body: { priority: 20 } })
  await page.waitForResponse(/farm\/jobs\?.*status=/)
  assert.deepEqual(await shown(), ['high', 'low'])
})

test('the list of jobs is cut down to one person or one tag, in its address too', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const tag = await client.createWorkerTag({ body: { name: 'gpu' } })
  const send = (name: string, user: string, worker_tag?: string) =>
    client.submitJob({
      body: {
        name,
        type: 'echo-sleep-test',
        priority: 50,
        submitter_platform: 'linux',
        initial_status: 'paused',
        settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
        metadata: { 'user.name': user },
        ...(worker_tag ? { worker_tag } : {}),
      },
    })
  await send('of joel', 'joel', tag.id)
  await send('of joel too', 'joel')
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/jobs`)
  const names = async (): Promise<string[]> =>
    (await page.locator('tbody tr[data-key] a[title]').allTextContents()).toSorted()
  await page.getByLabel('Whose jobs').selectOption('joel')
  await page.getByText('2 jobs', { exact: true }).waitFor()
  assert.deepEqual(await names(), ['of joel', 'of joel too'])
  await page.getByLabel('Jobs for which tag').selectOption('gpu')
  await page.getByText('1 job', { exact: true }).waitFor()
  assert.equal(new URL(page.url()).search, '?user=joel&tag=gpu')
  await page.reload()
  await page.getByText('1 job', { exact: true }).waitFor()
  assert.deepEqual(await names(), ['of joel'])
  assert.equal(await page.getByLabel('Whose jobs').inputValue(), 'joel')
  await page.getByLabel('Whose jobs').selectOption('mara')
  await page.getByText('No job matches.').waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await page.getByText('5 jobs', { exact: true }).waitFor()
  assert.equal(new URL(page.url()).search, '')
  assert.deepEqual(problems, [])
})
