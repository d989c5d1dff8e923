import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsChromium, openBrowser, openPage, startManagerProcess } from './dashboard.ts'

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
