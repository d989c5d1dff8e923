import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AssignedTask } from '@shaman-farm/manager-api'
import { drawFrame } from '../../dev/picture.ts'
import { needsChromium, openPage, useSeededFarm } from './dashboard.ts'

const farm = useSeededFarm({
  workers: 1,
  jobs: [{ name: 'shot', frames: '7-9', finish: 0 }],
})

test('a frame that arrives shows at once with its number and its worker; its file is downloaded, what has none is told', async (t) => {
  if (needsChromium(t)) return
  const { client } = farm.seeded.workers[0]!
  const task = (await client.scheduleTask()) as AssignedTask
  const params = { task_id: task.uuid }
  const send = (hue: number) =>
    client.request('farmTaskOutput', {
      params,
      query: { frame: 7 },
      body: drawFrame(7, hue),
      contentType: 'image/png',
    })
  await send(10)
  const { page, problems } = await openPage(t, farm.browser, `${farm.manager.url}/app/wall`)
  await page.getByText(/^shot/).waitFor()
  await send(200)
  await page.getByText('shot · 7 · node-01').waitFor()
  await page.goto(`${farm.manager.url}/app/`)
  const newest = page.getByRole('region', { name: 'Newest frames' })
  await newest.getByRole('img').waitFor()
  await page.getByText(/^live/).waitFor()
  await send(90)
  await newest.getByText('7 · node-01').waitFor()

  await page.goto(`${farm.manager.url}/app/jobs`)
  const picture = page.locator('tbody tr', { hasText: 'shot' }).locator('img')
  const address = async (): Promise<string> => (await picture.getAttribute('src')) ?? ''
  const before = await address()
  assert.match(before, /\/frames\/[0-9a-f]{64}\.jpg$/)
  await page.getByText(/^live/).waitFor()
  await send(140)
  await page.waitForFunction(
    (old) => document.querySelector('tbody tr img')?.getAttribute('src') !== old,
    before,
  )
  const answer = await fetch(new URL(await address(), farm.manager.url))
  assert.match(answer.headers.get('cache-control') ?? '', /immutable/)

  const dir = await mkdtemp(join(tmpdir(), 'farm-frames-'))
  t.after(() => rm(dir, { recursive: true }))
  const file = join(dir, '0007.png')
  await writeFile(file, drawFrame(7, 90))
  const frames = [{ frame: 7, status: 'completed' as const, file }]
  await client.taskUpdate({ params, body: { taskStatus: 'completed', frames } })
  await page.goto(`${farm.manager.url}/app/jobs/${farm.seeded.jobs[0]!.id}`)
  await page.getByRole('gridcell', { name: /^Frame 7, completed/ }).focus()
  await page.keyboard.press('x')
  const saved = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  assert.equal((await saved).suggestedFilename(), 'shot.tar')
  await page.getByText('Downloading 1 file.').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('gridcell', { name: /^Frame 7/ }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('x')
  await page.getByRole('button', { name: 'Download' }).click()
  await page.getByText(/No worker has told of a file/).waitFor()
  await page.goto(`${farm.manager.url}/app/jobs/${farm.seeded.jobs[0]!.id}/frames/7`)
  await page.getByRole('button', { name: 'Open frame 7 large' }).click()
  const box = page.getByRole('dialog', { name: 'Frame 7' })
  await box.getByLabel('compare with').selectOption({ label: '7 before' })
  const [now, then] = await Promise.all(
    [box.getByRole('img').first(), box.getByRole('img').last()].map((img) =>
      img.getAttribute('src'),
    ),
  )
  assert.notEqual(now, then)
  assert.equal((await fetch(new URL(then!, farm.manager.url))).status, 200)
  assert.deepEqual(problems, [])
})
