import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import { images, writeBlend } from '../../../pack/test/project-builder.ts'
import { needsChromium, openPage, startFarm } from './dashboard.ts'

async function projectFolder(t: TestContext, name = 'my shot'): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'farm-ui-project-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  await mkdir(join(home, name))
  return join(home, name)
}

async function makeProject(dir: string): Promise<void> {
  await mkdir(join(dir, 'textures', 'größe'), { recursive: true })
  writeBlend(dir, 'scene.blend', images({ Large: '//textures/large.exr' }))
  await writeFile(join(dir, 'scene.blend1'), 'a backup that no render needs')
  await writeFile(join(dir, 'empty.txt'), '')
  await writeFile(join(dir, 'textures', 'large.exr'), randomBytes(2_500_000))
  for (let index = 0; index < 20; index += 1) {
    await writeFile(join(dir, 'textures', 'größe', `holz ${index}.png`), randomBytes(9000 + index))
  }
}

async function choose(page: Page, url: string, dir: string): Promise<void> {
  await page.goto(`${url}/app/jobs/submit`)
  await page.getByLabel('Project folder').setInputFiles(dir)
  await page.getByLabel('Frames', { exact: true }).fill('1-3')
}

async function submitted(page: Page): Promise<string> {
  await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}$/, { timeout: 60_000 })
  return page.url().slice(-36)
}

async function submit(page: Page, url: string, dir: string): Promise<string> {
  await choose(page, url, dir)
  await page.getByRole('button', { name: /^Submit / }).click()
  return submitted(page)
}

test('a folder is submitted from the browser, and again with only what changed', async (t) => {
  if (needsChromium(t)) return
  const dir = await projectFolder(t)
  await makeProject(dir)
  const { manager, browser } = await startFarm(t)
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/jobs`)
  const client = createManagerClient({ url: manager.url })

  const first = await client.fetchJob({
    params: { job_id: await submit(page, manager.url, dir) },
  })
  await page.getByText(/^Submitted my shot: .* uploaded, 0 % was there already\.$/).waitFor()
  const checkout = first.storage?.shaman_checkout_id ?? ''
  assert.match(checkout, /^my-shot-\d{8}-\d{6}$/)
  assert.equal(first.settings?.blendfile, `{jobs}/${checkout}/scene.blend`)
  const stored = await readFile(
    join(manager.dir, 'storage', 'jobs', checkout, 'textures/größe/holz 7.png'),
  )
  assert.deepEqual(digest(stored), digest(await readFile(join(dir, 'textures/größe/holz 7.png'))))

  await writeFile(join(dir, 'textures', 'größe', 'holz 3.png'), randomBytes(5000))
  // Paths are told apart by the second.
  await page.waitForTimeout(1100)
  const second = await client.fetchJob({
    params: { job_id: await submit(page, manager.url, dir) },
  })
  const receipt = await checkoutInfo(manager.url, second.storage?.shaman_checkout_id ?? '')
  assert.deepEqual([receipt.files, receipt.uploadedFiles, receipt.uploadedBytes], [23, 1, 5000])
  assert.deepEqual(problems, [])
})

test('a folder that is dropped on the page is taken with all below it', async (t) => {
  if (needsChromium(t)) return
  const dir = await projectFolder(t)
  await makeProject(dir)
  const { manager, browser } = await startFarm(t)
  const { page, context, problems } = await openPage(t, browser, `${manager.url}/app/jobs/submit`)
  const target = page.getByRole('region', { name: 'Drop a project' })
  const { x, y } = (await target.boundingBox())!
  const session = await context.newCDPSession(page)
  const drag = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', {
      type,
      x: x + 40,
      y: y + 40,
      data: { items: [], files: [dir], dragOperationsMask: 1 },
    })
  await drag('dragEnter')
  await drag('dragOver')
  await page.locator('[data-over]').waitFor()
  await drag('drop')
  await page.getByRole('heading', { name: 'my shot' }).waitFor()
  // The .blend, the empty file, the large one and 20 textures; not the backup.
  await page.getByText('23 files').waitFor()
  await page.getByLabel('Frames', { exact: true }).fill('1-3')
  await page.getByRole('button', { name: /^Submit / }).click()
  const client = createManagerClient({ url: manager.url })
  const job = await client.fetchJob({ params: { job_id: await submitted(page) } })
  const info = await checkoutInfo(manager.url, job.storage?.shaman_checkout_id ?? '')
  assert.equal(info.files, 23)
  assert.deepEqual(problems, [])
})

test('what the scene lacks is told before the job starts, and a person decides', async (t) => {
  if (needsChromium(t)) return
  const dir = await projectFolder(t)
  writeBlend(dir, 'scene.blend', images({ Wood: '//tex/wood.png', Gone: '//tex/gone.png' }))
  await mkdir(join(dir, 'tex'))
  await writeFile(join(dir, 'tex', 'wood.png'), 'wood')
  await writeFile(join(dir, 'broken.blend'), 'no scene at all')
  const { manager, browser } = await startFarm(t)
  const { page } = await openPage(t, browser, `${manager.url}/app/jobs`)
  const client = createManagerClient({ url: manager.url })
  const jobs = async () => (await client.fetchJobs()).jobs.length

  await choose(page, manager.url, dir)
  await page.getByLabel('.blend file').selectOption('broken.blend')
  await page.getByRole('button', { name: /^Submit [\d.]+ k?B/ }).click()
  await page.getByText('The scene could not be read').waitFor()
  await page.getByLabel('.blend file').selectOption('scene.blend')
  await page.getByRole('button', { name: /^Submit [\d.]+ k?B/ }).click()
  await page.getByText('1 file of this scene is not in the folder').waitFor()
  await page.getByRole('row', { name: '//tex/gone.png image not there' }).waitFor()
  assert.equal(await jobs(), 0)
  await page.getByRole('button', { name: 'Submit without them' }).click()
  const id = await submitted(page)
  assert.equal(await jobs(), 1)

  await page.goto(`${manager.url}/app/jobs/${id}/submission`)
  await page.getByRole('button', { name: 'Look for missing files' }).click()
  await page.getByRole('row', { name: /gone\.png/ }).waitFor()
})

test('a large upload goes on where an earlier visit stopped', async (t) => {
  if (needsChromium(t)) return
  const dir = await projectFolder(t)
  const cache = randomBytes(9_000_000)
  writeBlend(dir, 'scene.blend', images({ Cache: '//cache.vdb' }))
  await writeFile(join(dir, 'cache.vdb'), cache)
  const { manager, browser } = await startFarm(t)
  const { page } = await openPage(t, browser, `${manager.url}/app/jobs`)
  await page.evaluate(() => localStorage.setItem('farm.upload-name', 'browser-before'))
  const path = `/api/v3/shaman/x/uploads/${digest(cache)}/${cache.length}/browser-before`
  const half = await fetch(`${manager.url}${path}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/partial-upload', 'Upload-Offset': '0' },
    body: cache.subarray(0, 5_000_000),
    signal: AbortSignal.timeout(10_000),
  })
  assert.equal(half.status, 204)

  const offsets: (string | undefined)[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(request.headers()['upload-offset'])
  })
  const id = await submit(page, manager.url, dir)
  assert.deepEqual(offsets, ['5000000'])
  const client = createManagerClient({ url: manager.url })
  const job = await client.fetchJob({ params: { job_id: id } })
  const checkout = job.storage?.shaman_checkout_id ?? ''
  const stored = await readFile(join(manager.dir, 'storage', 'jobs', checkout, 'cache.vdb'))
  assert.equal(digest(stored), digest(cache))
})

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function checkoutInfo(
  url: string,
  path: string,
): Promise<{ files: number; uploadedFiles: number; uploadedBytes: number }> {
  const response = await fetch(`${url}/api/v3/shaman/x/checkouts/${encodeURIComponent(path)}`, {
    signal: AbortSignal.timeout(10_000),
  })
  assert.equal(response.status, 200)
  return (await response.json()) as Awaited<ReturnType<typeof checkoutInfo>>
}
