import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import { signOn } from '../../dev/seed-worker.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 2,
  jobs: [{ name: 'shot', frames: '1-12', finish: 4, failing: [2, 3] }],
})
const job = () => farm.seeded.jobs[0]!.id
const at = (path: string): string => `${farm.manager.url}/app${path}`
const blocked = async (): Promise<string[]> => {
  const client = createManagerClient({ url: farm.manager.url })
  const list = await client.fetchJobBlocklist({ params: { job_id: job() } })
  return list.map((entry) => `${entry.worker_name} ${entry.task_type}`).sort()
}

test('a worker is excluded from a job on its page, which can be undone or taken back later', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, at(`/jobs/${job()}`))
  const card = page.getByRole('region', { name: 'Blocked workers' })
  await card.getByRole('button', { name: 'Exclude…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Exclude a worker from this job' })
  await dialog.getByLabel('Worker').selectOption('node-02')
  await dialog.getByLabel('Type of task').selectOption('ffmpeg')
  await dialog.getByRole('button', { name: 'Exclude node-02' }).click()
  await page.getByText('Excluded node-02.').waitFor()
  await card.getByRole('link', { name: 'node-02' }).waitFor()
  assert.deepEqual(await blocked(), ['node-02 ffmpeg'])
  await page.getByRole('button', { name: 'Undo' }).click()
  await card.getByText('No worker is blocked').waitFor()
  assert.deepEqual(await blocked(), [])
  assert.deepEqual(problems, [])
})

test('a worker is excluded from a job on its own page, and allowed again there', async (t) => {
  if (needsChromium(t)) return
  const uuid = farm.seeded.workers[0]!.uuid
  const { page, problems } = await openPage(t, farm.browser, at(`/workers/${uuid}`))
  const card = page.getByRole('region', { name: 'Blocked for' })
  await card.getByRole('button', { name: 'Exclude…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Exclude node-01 from a job' })
  await dialog.getByLabel('Job').selectOption('shot')
  await dialog.getByRole('button', { name: 'Exclude node-01' }).click()
  await card.getByRole('link', { name: 'shot' }).waitFor()
  assert.deepEqual(await blocked(), ['node-01 blender'])
  await card.getByRole('button', { name: 'Allow again' }).click()
  await card.getByText('Blocked for no job').waitFor()
  assert.deepEqual(await blocked(), [])
  assert.deepEqual(problems, [])
})

test('where every worker failed, excluding them all is asked about, and one act', async (t) => {
  if (needsChromium(t)) return
  const { page, problems } = await openPage(t, farm.browser, at('/attention'))
  const button = page.getByRole('button', { name: 'Exclude 2 workers', exact: true })
  await button.click()
  const dialog = page.getByRole('dialog', { name: 'Exclude 2 workers?' })
  await dialog.getByText('No worker would be left for the blender tasks of “shot”').waitFor()
  await dialog.getByRole('button', { name: 'Keep 2 workers' }).click()
  await dialog.waitFor({ state: 'hidden' })
  assert.deepEqual(await blocked(), [])
  await button.click()
  await dialog.getByRole('button', { name: 'Exclude 2 workers anyway' }).click()
  await page.getByText('Excluded 2 workers.').waitFor()
  assert.deepEqual(await blocked(), ['node-01 blender', 'node-02 blender'])
  await page.keyboard.press('u')
  await page.getByText('Allowed again: 2 workers.').waitFor()
  assert.deepEqual(await blocked(), [])
  assert.deepEqual(problems, [])
})

test('while a worker is chosen, it is told that no other would be left', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const [first] = farm.seeded.workers
  const body = [{ worker_id: first!.uuid, task_type: 'misc' }]
  await client.farmExcludeWorkers({ params: { job_id: job() }, body })
  const { page, problems } = await openPage(t, farm.browser, at(`/jobs/${job()}`))
  const card = page.getByRole('region', { name: 'Blocked workers' })
  await card.getByRole('button', { name: 'Exclude…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Exclude a worker from this job' })
  await dialog.getByLabel('Worker').selectOption('node-02')
  const warning = dialog.getByText('No worker would be left for the misc tasks of “shot”')
  await dialog.getByLabel('Type of task').selectOption('misc')
  await warning.waitFor()
  await dialog.getByLabel('Type of task').selectOption('ffmpeg')
  await warning.waitFor({ state: 'hidden' })
  await client.removeJobBlocklist({ params: { job_id: job() }, body })
  assert.deepEqual(problems, [])
})

test('where other workers are left, those that failed are excluded at once', async (t) => {
  if (needsChromium(t)) return
  await signOn(farm.manager.url, createManagerClient({ url: farm.manager.url }), 'node-03')
  const { page, problems } = await openPage(t, farm.browser, at('/attention'))
  await page.getByRole('button', { name: 'Exclude 2 workers', exact: true }).click()
  await page.getByText('Excluded 2 workers.').waitFor()
  assert.deepEqual(await blocked(), ['node-01 blender', 'node-02 blender'])
  await page.keyboard.press('u')
  await page.getByText('Allowed again: 2 workers.').waitFor()
  assert.deepEqual(problems, [])
})

test('a worker of another version is told, with the way to the versions', async (t) => {
  if (needsChromium(t)) return
  const client = createManagerClient({ url: farm.manager.url })
  const secret = 'an old secret'
  const types = ['blender']
  const { uuid } = await client.registerWorker({
    body: { secret, platform: 'linux', supported_task_types: types, name: 'node-old' },
  })
  const own = createManagerClient({ url: farm.manager.url, worker: { uuid, secret } })
  await own.signOn({
    body: { name: 'node-old', supported_task_types: types, software_version: '0.0.9' },
  })
  const { page, problems } = await openPage(t, farm.browser, at('/attention?kind=version-skew'))
  await page.getByRole('heading', { name: '1 worker runs another version' }).waitFor()
  await page.getByRole('link', { name: 'node-old' }).waitFor()
  await page.getByRole('link', { name: 'See the versions' }).click()
  await page.waitForURL('**/workers?view=table&sort=version')
  const first = page.locator('tbody tr').first()
  await first.getByText('node-old').waitFor()
  assert.deepEqual(problems, [])
})
