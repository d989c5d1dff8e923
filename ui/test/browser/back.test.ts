import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { demoJobs } from '../../dev/seed-jobs.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'
import { placesOf } from './places.ts'

const farm = useSeededFarm({ jobs: demoJobs.slice(3), workers: 6 })
const api = (url: URL): boolean => url.pathname.startsWith('/api/v3/')

test('what a page could not read while the manager was away is read by itself once it is back', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, 'about:blank')
  const wrong: string[] = []
  for (const [name, path] of Object.entries(await placesOf(farm.manager.url, farm.seeded))) {
    await page.route(api, (route) => route.abort('connectionrefused'))
    await page.goto(`${farm.manager.url}/app${path}`)
    await page.locator('footer[data-state="lost"]').waitFor({ state: 'attached' })
    await page.unroute(api)
    await page.locator('footer[data-state="live"]').waitFor({ state: 'attached' })
    await page
      .waitForFunction(
        () => !document.querySelector('main :is([role="alert"], [data-loading])'),
        undefined,
        { timeout: 10_000 },
      )
      .catch(async () => wrong.push(`${name}: ${await leftOn(page)}`))
  }
  assert.deepEqual(wrong, [])
})

async function leftOn(page: Page): Promise<string> {
  return (await page.locator('main :is([role="alert"], [data-loading])').allTextContents()).join()
}

test('any number of tabs in the background leaves the connections to the one that is seen', async (t) => {
  if (needsChromium(t)) return
  const { context, page } = await openPage(t, farm.browser, 'about:blank')
  const hidden: Page[] = []
  for (let count = 0; count < 8; count += 1) {
    const tab = await context.newPage()
    await tab.addInitScript(hide)
    await tab.goto(`${farm.manager.url}/app/jobs`)
    hidden.push(tab)
  }
  await page.goto(`${farm.manager.url}/app/jobs`)
  await page.getByText(/^live/).waitFor()
  // A tab that was never seen has read what it shows, and follows once it is seen.
  const last = hidden.at(-1)!
  await last.getByText('sh030_light_v003').waitFor()
  await last.getByText('connecting').waitFor()
  await last.evaluate(() => {
    Object.assign(globalThis, { isSeen: true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await last.getByText(/^live/).waitFor()
})

/** Runs in the page: Chromium without a screen takes every tab for seen. */
function hide(): void {
  Object.defineProperty(document, 'hidden', { get: () => !('isSeen' in globalThis) })
}
