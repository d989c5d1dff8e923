import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seedFarm } from '../../dev/seed.ts'
import { layCable } from './cable.ts'
import {
  needsChromium,
  openBrowser,
  openPage,
  startFarm,
  startManagerProcess,
} from './dashboard.ts'

test('an empty farm tells how to submit, and a farm that goes away is told as lost', async (t) => {
  if (needsChromium(t)) return
  const manager = await startManagerProcess()
  let running = true
  t.after(async () => running && manager.stop())
  const browser = await openBrowser()
  t.after(() => browser.close())
  const { page } = await openPage(t, browser, `${manager.url}/app/jobs`)
  await page.getByText('No jobs yet').waitFor()
  const origin = new URL(manager.url).origin
  await page.getByText(`farm submit scene.blend --manager ${origin}`).waitFor()
  const addon = page.getByRole('link', { name: 'Get the add-on' })
  assert.equal(await addon.getAttribute('href'), '/app/addon')
  await page.getByText(/^live/).waitFor()
  await page.goto(`${manager.url}/app/workers`)
  await page.getByText('No workers yet').waitFor()

  running = false
  await manager.stop()
  await page.getByText(/connection lost · as of/).waitFor()
  await page.getByText('No workers yet').waitFor()
})

test('what happens while the connection is broken is there once it is back', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  await seedFarm(manager.url, { workers: 1, jobs: [{ name: 'before', frames: '1', finish: 0 }] })
  const cable = await layCable(t, manager.url)
  const { page } = await openPage(t, browser, `${cable.url}/app/jobs`)
  await page.getByText('before').waitFor()
  await page.getByText(/^live/).waitFor()
  cable.cut()
  await page.getByText(/connection lost · as of \d\d:\d\d:\d\d/).waitFor()
  await page.getByText('before').waitFor()
  // An act says why it did nothing, and what was there stays.
  await page.getByLabel('Select before').check()
  await page.keyboard.press('p')
  await page.getByText(/before: The manager cannot be reached\./).waitFor()
  await seedFarm(manager.url, { workers: 0, jobs: [{ name: 'meanwhile', frames: '1', finish: 0 }] })
  await cable.mend()
  await page.getByText(/^live/).waitFor()
  await page.getByRole('button', { name: /1 change · apply/ }).click()
  await page.getByText('meanwhile').waitFor()
})
