import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const project = { folder: 'spring', shared: 2, ownKb: 60 }
const farm = useSeededFarm({
  workers: 3,
  jobs: [
    { name: 'sh010_v001', frames: '1-4', finish: 5, project },
    { name: 'sh010_v002', frames: '1-4', finish: 5, project: { ...project, ownKb: 90 } },
    // Every worker that tries fails until it is blocked.
    {
      name: 'cursed',
      frames: '1-40',
      finish: 12,
      failing: Array.from({ length: 39 }, (_, at) => at + 2),
    },
  ],
})
const client = () => createManagerClient({ url: farm.manager.url })
const jobNamed = (name: string) => farm.seeded.jobs.find((job) => job.name === name)!
const at = (path: string): string => `${farm.manager.url}/app${path}`

test('a checkout is looked into as a map, down to the blob and who else holds it', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(
    t,
    farm.browser,
    at('/storage/checkouts/spring/sh010_v001'),
  )
  await page.getByRole('button', { name: 'Map', exact: true }).click()
  const map = page.getByRole('group', { name: /^Sizes in/ })
  await map.getByRole('button', { name: /^textures 280 kB/ }).focus()
  await page.keyboard.press('Enter')
  await map.getByRole('button', { name: /^wood_1\.png 160 kB/ }).waitFor()
  await page.getByRole('button', { name: 'checkout', exact: true }).click()
  await map.getByRole('button', { name: /^sh010_v001\.blend 60\.0 kB/ }).waitFor()
  await map.getByRole('button', { name: /^textures/ }).click()
  await map.getByRole('button', { name: /^wood_1\.png/ }).click()
  await page.getByRole('heading', { name: '160 kB, held by 2 checkouts' }).waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ])
  const sha = page.url().split('/').at(-2)
  const bytes = await readFile(await download.path())
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sha)
  await page.getByRole('link', { name: 'spring/sh010_v002' }).click()
  await page.getByRole('heading', { name: 'spring/sh010_v002' }).waitFor()
  assert.deepEqual(problems, [])
})

test('two versions of a shot are compared: what was added, what was asked for', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(
    t,
    farm.browser,
    at(`/jobs/${jobNamed('sh010_v002').id}/submission`),
  )
  await page.getByRole('link', { name: 'What changed since' }).click()
  await page.getByText('90.0 kB new; 2 files unchanged.').waitFor()
  await page.getByRole('row', { name: /render_output_path .*sh010_v001.* .*sh010_v002/ }).waitFor()
})

test('every blob is read again on demand, and what came of it is told', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/storage'))
  await page.getByRole('button', { name: 'Read every blob' }).click()
  await page.getByText(/Finished .*\d blobs?, .*none damaged/).waitFor()
})

test('a worker that was blocked for a job is told on both pages, and allowed again', async (t) => {
  if (needsChromium(t)) return
  const job = jobNamed('cursed').id
  const blocked = await client().fetchJobBlocklist({ params: { job_id: job } })
  const first = blocked[0]!
  const { page } = await openPage(t, farm.browser, at(`/workers/${first.worker_id}`))
  await page.getByRole('region', { name: 'Blocked for' }).getByText('cursed').waitFor()
  await page.goto(at(`/jobs/${job}`))
  const list = page.getByRole('region', { name: 'Blocked workers' })
  await list
    .getByRole('listitem')
    .filter({ hasText: first.worker_name! })
    .getByRole('button', { name: 'Allow again' })
    .click()
  await page.getByText(`Allowed again: ${first.worker_name}.`).waitFor()
  const after = await client().fetchJobBlocklist({ params: { job_id: job } })
  assert.equal(
    after.some((one) => one.worker_id === first.worker_id),
    false,
  )
})

test('a worker is stopped, its doctor is asked, and it is removed', async (t) => {
  if (needsChromium(t)) return
  const { uuid } = farm.seeded.workers[2]!
  const { page } = await openPage(t, farm.browser, at(`/workers/${uuid}`))
  await page.getByText('Cycles devices').waitFor()
  await page.getByRole('button', { name: 'Look again' }).click()
  await page.getByText('Asked node-03: it answers when it next asks for work.').waitFor()
  await page.getByRole('button', { name: 'Sleep, wake, stop' }).click()
  await page.getByRole('menuitem', { name: 'Stop now' }).click()
  await page.getByText('Stopping node-03.').waitFor()
  const { status_change } = await client().fetchWorker({ params: { worker_id: uuid } })
  assert.deepEqual(status_change, { status: 'offline', is_lazy: false })
  await page.getByRole('button', { name: 'Remove…' }).click()
  await page.getByRole('button', { name: 'Remove node-03' }).click()
  await page.waitForURL('**/app/workers')
  await page.getByRole('link', { name: 'node-01' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'node-03' }).count(), 0)
})

test('a tag is renamed where it is used, and removed once that was said', async (t) => {
  if (needsChromium(t)) return
  await client().createWorkerTag({ body: { name: 'gpu' } })
  const { page } = await openPage(t, farm.browser, at('/workers/tags'))
  await page.getByRole('row', { name: /gpu/ }).getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Name').fill('optix')
  await page.getByRole('button', { name: 'Save the tag' }).click()
  await page.getByText('Saved optix.').waitFor()
  await page
    .getByRole('row', { name: /optix/ })
    .getByRole('button', { name: /Remove/ })
    .click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Remove/ })
    .click()
  await page.getByText('Removed optix.').waitFor()
})

test('several jobs are deleted at once, after what that frees was told', async (t) => {
  if (needsChromium(t)) return
  const { page } = await openPage(t, farm.browser, at('/jobs?q=sh010'))
  await page.getByLabel('Select sh010_v001').check()
  await page.getByLabel('Select sh010_v002').check()
  await page.keyboard.press('Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete 2 jobs?' })
  await dialog.getByText('430 kB').waitFor()
  await dialog.getByRole('button', { name: 'Delete 2 jobs' }).click()
  await page.getByText('Deleting 2 jobs.').waitFor()
  // The focus rests on the list again, so what is gone waits to be let go.
  await page.getByRole('button', { name: '2 changes · apply' }).click()
  await page.getByText('No job matches.').waitFor()
})
