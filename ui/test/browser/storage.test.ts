import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { seedFarm } from '../../dev/seed.ts'
import { storeProject } from '../../dev/store.ts'
import { needsChromium, openPage, startFarm } from './dashboard.ts'

test('the store is explained by checkout, a plan is made, and pins and jobs protect', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  await seedFarm(manager.url, {
    workers: 1,
    jobs: [
      {
        name: 'needed',
        frames: '1-4',
        finish: 0,
        project: { folder: 'spring', shared: 2, ownKb: 50 },
      },
    ],
  })
  await storeProject(manager.url, 'orphan', { folder: 'spring', shared: 2, ownKb: 80 })
  await storeProject(manager.url, 'loose', { folder: 'spring', shared: 2, ownKb: 30 })
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/storage`)

  // A third of the 280 kB that three checkouts hold, beside its own 80.
  await page.getByRole('button', { name: /orphan 173 kB/ }).waitFor()
  await page.getByRole('button', { name: 'Exclusive' }).click()
  await page.getByRole('button', { name: /shared by several 280 kB/ }).waitFor()
  const orphan = page.getByLabel('Remove spring/orphan with the plan')
  assert.equal(await page.getByLabel('Remove spring/needed with the plan').isDisabled(), true)
  await orphan.check()
  await page.getByText('1 checkout in this plan').waitFor()
  await page.getByRole('button', { name: /orphan 80.0 kB ?, in this plan/ }).waitFor()

  await page.getByRole('link', { name: 'spring/orphan' }).first().click()
  await page.getByText('80.0 kB would be freed by deleting').waitFor()
  await page.getByLabel('compare with').selectOption('spring/needed')
  await page.getByText('80.0 kB new; 2 files unchanged.').waitFor()
  await page.getByRole('heading', { name: 'Added 1' }).waitFor()
  await page.getByText('needed.blend').waitFor()
  await page.getByRole('heading', { name: 'Removed 1' }).waitFor()
  await page.getByRole('button', { name: 'Pin' }).click()
  await page.getByText('Pinned spring/orphan.').waitFor()
  await page.goto(`${manager.url}/app/storage`)
  await orphan.waitFor()
  assert.equal(await orphan.isDisabled(), true)

  await page.getByLabel('Remove spring/loose with the plan').check()
  await page.getByRole('button', { name: 'Remove 1 checkout…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove 1 checkout' }).click()
  await page.getByText('Removed 1 checkout.').waitFor()
  await page.getByRole('link', { name: 'spring/loose' }).waitFor({ state: 'detached' })
  assert.deepEqual(problems, [])
})

test('a collection is planned by how long nobody used a checkout; what is kept or pinned leaves the plan', async (t) => {
  if (needsChromium(t)) return
  const { manager, browser } = await startFarm(t)
  for (const [name, ownKb] of [
    ['old_v001', 80],
    ['old_v002', 40],
    ['old_v003', 20],
  ] as const)
    await storeProject(manager.url, name, { folder: 'spring', shared: 1, ownKb })
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/storage/gc`)
  await page.getByText('No checkout is unused for that long.').waitFor()
  const slider = page.getByLabel('Checkouts nobody used for')
  await slider.focus()
  // By keys: everything was made a moment ago, so only no limit at all finds it.
  await page.keyboard.press('Home')
  await page.getByText('3 unused checkouts').waitFor()
  await page.getByText('3 checkouts in this plan').waitFor()
  await page.getByRole('button', { name: /old_v001 120 kB ?, in this plan/ }).waitFor()

  await page.getByLabel('Remove spring/old_v002 with the plan').uncheck()
  await page.getByText('2 checkouts in this plan').waitFor()
  const saved = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download as CSV' }).click()
  const download = await saved
  assert.match(download.suggestedFilename(), /^collection-\d{4}-\d\d-\d\d\.csv$/)
  const [head, ...lines] = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  assert.equal(head, 'kind,name,bytes,last_use')
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(0, 3)),
    [
      ['checkout', 'spring/old_v001', '80000'],
      ['checkout', 'spring/old_v003', '20000'],
    ],
  )
  await page
    .getByRole('row', { name: /old_v003/ })
    .getByRole('button', { name: 'Pin' })
    .click()
  await page.getByText('Pinned spring/old_v003.').waitFor()
  await page.getByText('1 checkout in this plan').waitFor()
  await page.getByRole('button', { name: /^Remove 1 checkout/ }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Remove 1 checkout/ })
    .click()
  await page.getByText('Removed 1 checkout.').waitFor()
  await page.getByText('1 unused checkout').waitFor()
  assert.deepEqual(problems, [])
})
