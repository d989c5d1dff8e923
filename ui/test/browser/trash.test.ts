import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { digestOf, openShaman } from '@shaman-farm/shaman'
import type { StoreStats } from '@shaman-farm/shaman/schemas'
import { needsChromium, openBrowser, openPage, startManagerProcess } from './dashboard.ts'

const dayMs = 24 * 3600 * 1000

/** A farm whose store has an unused blob of so many bytes for each age in days: what is new is promised to whoever sent it. */
async function farmWithUnused(t: TestContext, blobs: Readonly<Record<number, number>>) {
  const dir = await mkdtemp(join(tmpdir(), 'farm-ui-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  for (const [bytes, age] of Object.entries(blobs)) {
    const shaman = await openShaman({
      root: join(dir, 'storage'),
      stateDir: join(dir, 'data', 'shaman'),
      now: () => Date.now() - age * dayMs,
    })
    const content = randomBytes(Number(bytes))
    await shaman.blobs.putBytes(digestOf(content), content)
    await shaman.close()
  }
  const manager = await startManagerProcess(0, dir)
  t.after(() => manager.stop())
  const browser = await openBrowser()
  t.after(() => browser.close())
  return { manager, browser }
}

test('what a collection took is brought back by undo or from the trash, and gone for good once that is emptied', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await farmWithUnused(t, { 3000: 29, 20000: 20, 100000: 10 })
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/storage`)
  const stats = async (): Promise<StoreStats> => {
    const answer = await fetch(`${manager.url}/api/v3/shaman/x/stats`, {
      signal: AbortSignal.timeout(10_000),
    })
    return (await answer.json()) as StoreStats
  }
  const collect = async (days: number, size: string): Promise<void> => {
    await page.getByLabel('Keep unused blobs newer than').fill(String(days))
    await page.getByRole('button', { name: `Remove ${size}…`, exact: true }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Remove ${size}` })
      .click()
    await page.getByText(`Freed ${size} in 1 blob.`).waitFor()
  }
  const trash = page.getByRole('region', { name: 'Trash' })
  const none = page.getByRole('button', { name: 'Remove 0 B…', exact: true })

  await collect(25, '3.00 kB')
  assert.equal((await stats()).bytes, 120_000)
  await trash.getByText('3.00 kB in 1 blob').waitFor()
  await trash.getByRole('button', { name: 'Empty…' }).click()
  await page.getByRole('dialog').getByText('This cannot be undone.').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove 3.00 kB' }).click()
  await page.getByText('Removed 3.00 kB in 1 blob.').waitFor()
  await trash.waitFor({ state: 'detached' })

  await collect(15, '20.0 kB')
  await page.keyboard.press('u')
  await page.getByText('Brought back 20.0 kB in 1 blob.').waitFor()
  await trash.waitFor({ state: 'detached' })
  assert.equal((await stats()).bytes, 120_000)
  // Who brought it back may need it: it is not offered again.
  await none.waitFor()

  await collect(5, '100 kB')
  await trash.getByRole('button', { name: 'Take back' }).click()
  await page.getByText('Brought back 100 kB in 1 blob.').waitFor()
  await none.waitFor()
  assert.equal((await stats()).blobs, 2)
  assert.deepEqual(problems, [])
})

test('a scrub that runs is told with how far it is, stopped, and gone on with', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await farmWithUnused(t, { 400000: 3, 300000: 2, 200000: 1 })
  const scrub = `${manager.url}/api/v3/shaman/x/scrub`
  // So slow that it runs until it is stopped.
  await fetch(`${scrub}/start`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ bytesPerSecond: 1000 }),
    signal: AbortSignal.timeout(10_000),
  })
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/storage`)
  const card = page.getByRole('region', { name: 'Scrub' })
  await card.getByText(/^Reading/).waitFor()
  await card.getByRole('button', { name: 'Stop' }).click()
  await card.getByText(/Never finished yet/).waitFor()
  const status = await (await fetch(scrub, { signal: AbortSignal.timeout(10_000) })).json()
  assert.equal((status as { running: boolean }).running, false)
  await card.getByRole('button', { name: 'Read every blob' }).click()
  await card.getByText(/Finished .*3 blobs, 900 kB, none damaged/).waitFor()
  assert.deepEqual(problems, [])
})
