import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AssignedTask, createManagerClient } from '@shaman-farm/manager-api'
import { seedFarm } from '../../dev/seed.ts'
import { complete, fail, framesOf } from '../../dev/seed-worker.ts'
import { needsChromium, openPage, startFarm, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 3,
  jobs: [{ name: 'shot', frames: '1-12', finish: 4, running: 1 }],
})

test('workers are asked to sleep after their task, which shows at once and can be taken back', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers`)
  await page.getByLabel('Select node-01').check()
  await page.getByLabel('Select node-02').check()
  await page.getByRole('button', { name: 'Sleep, wake, stop' }).click()
  // The first is focused: by keys from here.
  await page.getByRole('menuitem', { name: 'Sleep after its task' }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByText('Asleep after its task: 2 workers.').waitFor()
  await page.getByText('asleep after its task').first().waitFor()
  const client = createManagerClient({ url: farm.manager.url })
  const ask = async () =>
    (await client.fetchWorker({ params: { worker_id: farm.seeded.workers[0]!.uuid } }))
      .status_change
  assert.deepEqual(await ask(), { status: 'asleep', is_lazy: true })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Took it back for 2 workers.').waitFor()
  assert.equal(await ask(), undefined)
  assert.deepEqual(problems, [])
})

test('each thing that a worker is asked for reaches it as at once or after its task', async (t) => {
  if (needsChromium(t)) return
  const worker = farm.seeded.workers[2]!
  const client = createManagerClient({ url: farm.manager.url })
  const asked = async () =>
    (await client.fetchWorker({ params: { worker_id: worker.uuid } })).status_change
  const { page, problems } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/workers/${worker.uuid}`,
  )
  const ask = async (act: string): Promise<void> => {
    await page.getByRole('button', { name: 'Sleep, wake, stop' }).click()
    await page.getByRole('menuitem', { name: act, exact: true }).click()
  }
  const acts = [
    ['Sleep now', 'Going to sleep: node-03.', { status: 'asleep', is_lazy: false }],
    [
      'Restart after its task',
      'Restarting after its task: node-03.',
      { status: 'restart', is_lazy: true },
    ],
    ['Restart now', 'Restarting node-03.', { status: 'restart', is_lazy: false }],
    [
      'Stop after its task',
      'Stopping after its task: node-03.',
      { status: 'offline', is_lazy: true },
    ],
    ['Stop now', 'Stopping node-03.', { status: 'offline', is_lazy: false }],
  ] as const
  for (const [act, told, change] of acts) {
    await ask(act)
    await page.getByText(told).waitFor()
    assert.deepEqual(await asked(), change, act)
  }
  await worker.client.workerStateChanged({ body: { status: 'asleep' } })
  await page.getByText('asleep', { exact: true }).first().waitFor()
  await ask('Wake up')
  await page.getByText('Waking node-03.').waitFor()
  assert.deepEqual(await asked(), { status: 'awake', is_lazy: false })
  await worker.client.workerStateChanged({ body: { status: 'awake' } })
  assert.deepEqual(problems, [])
})

test('a tag is made, given to a worker, and told where it is used', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers/tags`)
  await page.getByRole('button', { name: 'New tag' }).click()
  await page.getByLabel('Name').fill('gpu')
  await page.getByLabel('Description').fill('large cards')
  await page.getByRole('button', { name: 'Save the tag' }).click()
  await page.getByText('Created gpu.').waitFor()
  await page.goto(`${farm.manager.url}/app/workers/${farm.seeded.workers[2]!.uuid}`)
  await page.getByLabel('gpu large cards').check()
  await page.getByText('Tags set for node-03.').waitFor()
  await page.goto(`${farm.manager.url}/app/workers/tags`)
  await page.getByRole('row', { name: /gpu large cards 1/ }).waitFor()
})

test('a sleep schedule with two windows is saved and shown as hours of the week', async (t) => {
  if (needsChromium(t)) return
  const uuid = farm.seeded.workers[1]!.uuid
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers/${uuid}`)
  await page.getByLabel('in force').check()
  await page.getByLabel('from', { exact: true }).fill('09:00')
  await page.getByLabel('to', { exact: true }).fill('18:00')
  await page.getByRole('button', { name: 'sa', exact: true }).click()
  await page.getByRole('button', { name: 'su', exact: true }).click()
  await page
    .getByText('Sleeps 45 hours a week')
    .or(page.getByLabel('Sleeps 45 hours a week'))
    .waitFor()
  await page.getByRole('button', { name: 'Save the schedule' }).click()
  await page.getByText('Sleep schedule saved for this worker.').waitFor()
  const client = createManagerClient({ url: farm.manager.url })
  const schedule = await client.fetchWorkerSleepSchedule({ params: { worker_id: uuid } })
  assert.equal(schedule?.is_active, true)
  assert.equal(schedule?.days_of_week, 'mo tu we th fr')
  assert.match(`${schedule?.start_time} ${schedule?.end_time}`, /^09:00.* 18:00/)
})

test('everything can be reached by the palette', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers`)
  await page.getByText('node-03').first().waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.type('node-03')
  await page.getByRole('option', { name: /node-03/ }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /node-03/ }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('j')
  await page.waitForURL('**/app/jobs')
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Go to the workers').waitFor()
})

test('a worker that never looked itself over says so, without an error', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const { uuid } = await client.registerWorker({
    body: {
      secret: 'of silence',
      platform: 'linux',
      supported_task_types: ['misc'],
      name: 'silent',
    },
  })
  const { page, problems } = await openPage(
    t,
    farm.browser,
    `${farm.manager.url}/app/workers/${uuid}`,
  )
  await page.getByText('It has not told how it is yet.').waitFor()
  assert.deepEqual(problems, [])
})

test('a worker that fails where others do not says so beside their share, and not where all fail', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { jobs, workers } = await seedFarm(manager.url, {
    workers: 3,
    jobs: [{ name: 'uneven', frames: '1-40', finish: 0, priority: 90 }],
  })
  const turn = async (at: number, end: 'completes' | 'fails'): Promise<void> => {
    const task = (await workers[at]!.client.scheduleTask()) as AssignedTask
    assert.equal(task.job, jobs[0]!.id)
    const frames = framesOf(task)
    if (end === 'fails') await fail(workers[at]!, task, frames)
    else await complete(workers[at]!, task, frames, false, 0)
  }
  for (let count = 0; count < 12; count += 1) await turn(1, 'completes')
  for (let count = 0; count < 3; count += 1) await turn(0, 'fails')
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/workers`)
  const tile = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  const mark = await tile('node-01')
    .getByText(/^3 of \d+ failed; others 0 %$/)
    .textContent()
  assert.ok(mark)
  assert.equal(
    await tile('node-02')
      .getByText(/failed; others/)
      .count(),
    0,
  )
  assert.deepEqual(problems, [])
})

test('the table is sorted by any of its columns, by keys too, in the address and under the pointer', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, `${farm.manager.url}/app/workers?view=table`)
  const names = async (): Promise<string[]> =>
    (await page.locator('tbody tr td:nth-child(3)').allTextContents()).map((text) => text.trim())
  const isSorted = (name: string) =>
    page.getByRole('columnheader', { name }).first().getAttribute('aria-sort')
  await page.getByText('node-03').first().waitFor()
  const byName = await names()
  // The pointer comes to rest on the list, whose order then waits, but not for who asks for another.
  await page.getByRole('button', { name: /^Name/ }).click()
  await page.waitForURL('**/workers?view=table&sort=-name')
  assert.deepEqual(await names(), byName.toReversed())
  assert.equal(await isSorted('Name'), 'descending')
  const heads = page.locator('thead button')
  assert.equal(await heads.count(), 8)
  for (const name of ['Status', 'Task', 'Tags', 'Takes', 'Address', 'Version', 'Seen']) {
    await page.getByRole('button', { name, exact: true }).focus()
    await page.keyboard.press('Enter')
    const way = name === 'Seen' ? 'descending' : 'ascending'
    await page.locator(`th[aria-sort=${way}]`, { hasText: name }).waitFor()
    assert.match(page.url(), new RegExp(`sort=-?${name.toLowerCase()}`))
  }
  await page.reload()
  await page.locator('th[aria-sort=descending]', { hasText: 'Seen' }).waitFor()
})
