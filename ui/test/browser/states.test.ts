import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { demoJobs } from '../../dev/seed-jobs.ts'
import { needsChromium, openPage, startFarm, useSeededFarm } from './dashboard.ts'
import { arrived, placesOf } from './places.ts'

const farm = useSeededFarm({ jobs: demoJobs.slice(3), workers: 6 })
/** These show nothing that the manager must be asked for first. */
const asksNothing = new Set(['submit', 'add-on', 'nothing there'])
const answers = (url: URL): boolean =>
  url.pathname.startsWith('/api/v3/') && !url.pathname.endsWith('/events')
const main = (page: Page) => page.locator('main')
const emptyStates = '[data-empty]'
const places = async (): Promise<[string, string][]> =>
  Object.entries(await placesOf(farm.manager.url, farm.seeded)).filter(
    ([name]) => !asksNothing.has(name),
  )

test('while the manager is slow, every page says that it reads, and claims nothing to be empty', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, 'about:blank')
  const held: Route[] = []
  await page.route(answers, (route) => void held.push(route))
  const wrong: string[] = []
  for (const [name, path] of await places()) {
    await page.goto(`${farm.manager.url}/app${path}`)
    const reading = main(page).locator('[data-loading]', { hasText: /^Reading / })
    await reading
      .first()
      .waitFor({ timeout: 10_000 })
      .catch(() => wrong.push(`${name} does not say that it reads`))
    for (const text of await main(page).locator(emptyStates).allTextContents())
      wrong.push(`${name} says already: ${text}`)
    await Promise.all(held.splice(0).map((route) => route.abort().catch(() => {})))
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(problems.filter(isOwnDoing), [])
})

test('what takes very long is said to, and shown once it comes', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, 'about:blank')
  const held: Route[] = []
  let isSlow = true
  await page.route(answers, (route) => (isSlow ? void held.push(route) : route.continue()))
  await page.goto(`${farm.manager.url}/app/workers`)
  await page.getByText(/Reading the workers….*The manager takes long to answer/).waitFor()
  isSlow = false
  await Promise.all(held.map((route) => route.continue()))
  await page.getByText('node-01').first().waitFor()
  assert.equal(await main(page).locator('[data-loading]').count(), 0)
})

test('once the manager has answered, no page goes on to say that it reads, not even where there is nothing to show', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, 'about:blank')
  const unseen = farm.seeded.jobs.find((one) => one.name === 'sh050_anim_v001')!.id
  const wrong: string[] = []
  for (const [name, path] of [
    ...(await places()),
    ['job without a picture', `/jobs/${unseen}`] as const,
  ]) {
    await page.goto(`${farm.manager.url}/app${path}`)
    const reading = main(page).locator('[data-loading]')
    await arrived(page)
    await reading
      .first()
      .waitFor({ state: 'detached', timeout: 10_000 })
      .catch(async () => wrong.push(`${name}: ${await reading.allTextContents()}`))
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(problems, [])
})

test('where the manager fails, every page tells the code, the request and what to do, and tries again', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, 'about:blank')
  const wrong: string[] = []
  for (const [name, path] of await places()) {
    await page.route(answers, refuse)
    await page.goto(`${farm.manager.url}/app${path}`)
    const alert = main(page).getByRole('alert').first()
    await alert.waitFor({ timeout: 10_000 }).catch(() => {})
    const told = (await alert.isVisible()) ? ((await alert.textContent()) ?? '') : ''
    for (const part of ['Could not load', 'DATABASE_BUSY', 'req-4711', 'Wait a moment'])
      if (!told.includes(part)) wrong.push(`${name} does not tell ${part}: ${told}`)
    for (const text of await main(page).locator(emptyStates).allTextContents())
      wrong.push(`${name} says beside the error: ${text}`)
    await page.unroute(answers)
    // One page asks for several things, some of them only once it has others.
    const again = main(page).getByRole('button', { name: 'Try again' })
    for (let left = 12; left > 0 && (await again.count()) > 0; left -= 1) {
      await again
        .first()
        .click({ timeout: 5000 })
        .catch(() => {})
      await page.waitForTimeout(300)
    }
    if ((await again.count()) > 0)
      wrong.push(
        `${name} does not recover: ${await main(page).getByRole('alert').allTextContents()}`,
      )
  }
  assert.deepEqual(wrong, [])
  assert.deepEqual(problems.filter(isOwnDoing), [])
})

test('a farm with nothing in it says on every page what is not there yet, and what is not known', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { page, problems } = await openPage(t, browser, 'about:blank')
  const none = '00000000-0000-4000-8000-000000000000'
  const expected: Record<string, RegExp> = {
    '/': /No jobs yet/,
    '/attention': /Nothing needs you/,
    '/jobs': /No jobs yet/,
    '/jobs?view=wall': /No jobs yet/,
    [`/jobs/${none}`]: /Could not load the job/,
    [`/jobs/${none}/tasks`]: /Could not load the job/,
    [`/logs/${none}`]: /Could not load the task/,
    '/workers': /No workers yet/,
    '/workers?view=table': /No workers yet/,
    '/workers?view=timeline': /No workers yet/,
    '/workers/tags': /No tags yet/,
    [`/workers/${none}`]: /Could not load the worker/,
    '/storage': /The store is empty/,
    '/storage/gc': /No checkout is unused for that long/,
    '/storage/checkouts/no/such': /Could not load the checkout/,
    [`/storage/blobs/${'0'.repeat(64)}/5`]: /No checkout holds it/,
    '/settings/changes': /Nothing was changed yet/,
    '/wall': /No frame has been rendered yet/,
    '/welcome': /Set up this farm/,
  }
  for (const [path, words] of Object.entries(expected)) {
    await page.goto(`${manager.url}/app${path}`)
    await main(page).getByText(words).first().waitFor({ timeout: 15_000 })
    // Whoever comes to what is not there is led on.
    if (path.includes('00000000'))
      assert.ok((await main(page).getByRole('link').count()) > 0, `${path} leads nowhere`)
  }
  assert.deepEqual(problems.filter(isOwnDoing), [])
})

test('a filter that leaves nothing says so wherever there is one, and is cleared by a button', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, 'about:blank')
  const job = farm.seeded.jobs.find((one) => one.name === 'sh020_anim_v014')!.id
  const filtered: Record<string, string> = {
    '/attention?kind=storage-low': 'No issue matches.',
    '/jobs?q=nowhere': 'No job matches.',
    '/jobs?view=wall&q=nowhere': 'No job matches.',
    '/workers?q=nowhere': 'No worker matches.',
    '/workers?view=table&status=testing': 'No worker matches.',
    '/workers?view=timeline&q=nowhere': 'No worker matches.',
    [`/jobs/${job}/tasks?status=paused`]: 'No task matches.',
  }
  for (const [path, words] of Object.entries(filtered)) {
    await page.goto(`${farm.manager.url}/app${path}`)
    await main(page).getByText(words).waitFor()
    await main(page).getByRole('button', { name: 'Clear the filter' }).click()
    await main(page).getByText(words).waitFor({ state: 'detached' })
    assert.doesNotMatch(page.url(), /nowhere|status=|kind=/)
  }
  await page.goto(`${farm.manager.url}/app/storage/checkouts/spring/sh020_anim_v014`)
  await page.getByLabel('Find a file').fill('nowhere')
  await main(page).getByText('No file matches.').waitFor()
  await main(page).getByRole('button', { name: 'Clear the filter' }).click()
  await main(page)
    .getByRole('button', { name: /textures/ })
    .waitFor()
  await page.goto(`${farm.manager.url}/app/settings/nowhere`)
  await main(page).getByText('No settings have this name.').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('zzzz')
  await page.getByText('Nothing matches').waitFor()
  assert.deepEqual(problems, [])
})

function refuse(route: Route): Promise<void> {
  return route.fulfill({
    status: 503,
    headers: { 'x-request-id': 'req-4711' },
    json: {
      code: 503,
      message: 'The database is busy',
      error_code: 'DATABASE_BUSY',
      hint: 'Wait a moment and try again.',
    },
  })
}

/** Not what the browser says of answers that these tests kept back or refused. */
function isOwnDoing(problem: string): boolean {
  return !/Failed to load resource/.test(problem)
}
