import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seedFarm } from '../../dev/seed.ts'
import { layCable } from './cable.ts'
import { needsChromium, openPage, startFarm } from './dashboard.ts'

test('a page that was open during an update loads itself anew when it asks for a part that is gone', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  const { page } = await openPage(t, browser, `${manager.url}/app/jobs`)
  await page.getByText('No jobs yet').waitFor()
  await page.evaluate(() => Object.assign(globalThis, { isOldPage: true }))
  let isGone = true
  await page.route('**/assets/storage-*.js', (route) =>
    isGone ? route.fulfill({ status: 404 }) : route.continue(),
  )
  page.on('request', (request) => {
    if (request.isNavigationRequest()) isGone = false
  })
  await page.getByRole('link', { name: 'Storage' }).click()
  await page.getByText('The store is empty').waitFor()
  assert.ok(await page.evaluate(() => !('isOldPage' in globalThis)))
})

test('while the manager is away no part that cannot be fetched costs the page, and once it answers the part is there', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  await seedFarm(manager.url, { workers: 1, jobs: [{ name: 'before', frames: '1', finish: 0 }] })
  const cable = await layCable(t, manager.url)
  const { page } = await openPage(t, browser, 'about:blank')
  // What is fetched ahead fails, as it does when the cable is cut in the first second.
  await page.route('**/assets/palette-*.js', (route) => route.abort('connectionrefused'))
  const failed = page.waitForEvent('requestfailed', (request) => request.url().includes('palette'))
  await page.goto(`${cable.url}/app/jobs`)
  const job = page.getByRole('link', { name: 'before', exact: true })
  await job.waitFor()
  await page.evaluate(() => Object.assign(globalThis, { isOldPage: true }))
  const isOldPage = (): Promise<boolean> => page.evaluate(() => 'isOldPage' in globalThis)
  await failed
  await page.unroute('**/assets/palette-*.js')
  cable.cut()
  await page.getByText(/connection lost/).waitFor()
  await job.waitFor()

  const lost = page.getByText('This part of the dashboard could not be fetched.')
  await page.keyboard.press('Control+k')
  const dialog = page.getByRole('dialog', { name: 'Not there yet' })
  await dialog.getByText('The page loads anew once the manager answers.').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Storage', exact: true }).click()
  await lost.waitFor()
  assert.equal(new URL(page.url()).pathname, '/app/storage')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('The manager cannot be reached yet.').waitFor()
  await page.getByRole('link', { name: 'Jobs', exact: true }).click()
  await page.getByText('Could not load the jobs.').waitFor()
  assert.equal(await lost.count(), 0)
  await page.getByRole('link', { name: 'Storage', exact: true }).click()
  await lost.waitFor()
  assert.ok(await isOldPage())

  await cable.mend()
  await page.getByRole('heading', { name: 'Storage' }).waitFor()
  assert.ok(!(await isOldPage()))
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog', { name: 'Commands' }).waitFor()
})
