import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import { needsChromium, openBrowser, openPage, startManagerProcess } from './dashboard.ts'

async function makeProject(dir: string): Promise<void> {
  await mkdir(join(dir, 'textures', 'größe'), { recursive: true })
  await writeFile(join(dir, 'scene.blend'), randomBytes(300_000))
  await writeFile(join(dir, 'scene.blend1'), 'a backup that no render needs')
  await writeFile(join(dir, 'empty.txt'), '')
  await writeFile(join(dir, 'textures', 'large.exr'), randomBytes(2_500_000))
  for (let index = 0; index < 20; index += 1) {
    await writeFile(join(dir, 'textures', 'größe', `holz ${index}.png`), randomBytes(9000 + index))
  }
}

async function submit(page: Page, url: string, dir: string): Promise<string> {
  await page.goto(`${url}/app/jobs/submit`)
  await page.getByLabel('Project folder').setInputFiles(dir)
  await page.getByText('23 files').first().waitFor()
  await page.getByLabel('Frames', { exact: true }).fill('1-3')
  await page.getByRole('button', { name: /^Submit / }).click()
  await page.waitForURL(/\/app\/jobs\/[0-9a-f-]{36}$/, { timeout: 60_000 })
  return page.url().slice(-36)
}

test('a folder is submitted from the browser, and again with only what changed', async (t) => {
  if (needsChromium(t)) return
  const dir = join(await mkdtemp(join(tmpdir(), 'farm-ui-project-')), 'my shot')
  t.after(() => rm(join(dir, '..'), { recursive: true, force: true }))
  await makeProject(dir)
  const manager = await startManagerProcess()
  t.after(() => manager.stop())
  const browser = await openBrowser()
  t.after(() => browser.close())
  const { page, problems } = await openPage(t, browser, `${manager.url}/app/jobs`)
  const client = createManagerClient({ url: manager.url })

  const first = await client.fetchJob({
    params: { job_id: await submit(page, manager.url, dir) },
  })
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
