import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seedFarm } from '../../dev/seed.ts'
import { storeProject } from '../../dev/store.ts'
import { needsChromium, openBrowser, openPage, startManagerProcess } from './dashboard.ts'

test('the store is explained by checkout, a plan is made, and pins and jobs protect', async (t) => {
  if (needsChromium(t)) return
  const manager = await startManagerProcess()
  t.after(() => manager.stop())
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
  const browser = await openBrowser()
  t.after(() => browser.close())
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/storage`)

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
