// Seeds a fresh manager and keeps a picture of every page in ui/docs, for people to look at.
// `node ui/dev/screenshots.ts`
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { openBrowser, startManagerProcess } from '../test/browser/dashboard.ts'
import { seedFarm } from './seed.ts'

const docs = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs')
await mkdir(docs, { recursive: true })
const manager = await startManagerProcess()
const browser = await openBrowser()
try {
  const { jobs, workers } = await seedFarm(manager.url)
  const id = (name: string): string => jobs.find((job) => job.name === name)!.id
  const job = `/jobs/${id('sh020_anim_v014')}`
  await shoot('overview', '/')
  await shoot('jobs', '/jobs')
  await shoot('job', job)
  await shoot('job-render-time', job, {}, (page) =>
    page.getByRole('button', { name: 'Render time' }).click(),
  )
  await shoot('job-tasks', `${job}/tasks?status=failed,active`)
  await shoot('task', `/jobs/${id('sh040_fx_v021')}/tasks`, {}, async (page) => {
    await page.getByRole('link', { name: 'render-4', exact: true }).click()
    await page.getByRole('log').waitFor()
  })
  await shoot('attention', '/attention')
  await shoot('workers', '/workers')
  await shoot('worker', `/workers/${workers[1]!.uuid}`)
  await shoot('storage', '/storage', {}, async (page) => {
    await page.getByLabel('Remove spring/sh050_anim_v001 with the plan').check()
    await page.getByText('1 checkout in this plan').waitFor()
  })
  await shoot('checkout', '/storage/checkouts/spring/sh020_anim_v014')
  await shoot('submit', '/jobs/submit')
  await shoot('settings', '/settings')
  await shoot('welcome', '/welcome')
  await shoot('wall', '/wall')
  await shoot('help', '/jobs', {}, (page) => page.keyboard.press('?'))
  await shoot('palette', '/jobs', {}, async (page) => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('sh0')
  })
} finally {
  await browser.close()
  await manager.stop()
}

interface Shot {
  width?: number
  height?: number
}

async function shoot(
  name: string,
  path: string,
  size: Shot = {},
  act?: (page: Page) => Promise<unknown>,
): Promise<void> {
  const everyWay = ['overview', 'jobs', 'job', 'task', 'storage', 'workers'].includes(name)
  for (const [suffix, view] of [
    ['', { width: 1440, height: 900, theme: 'dark' }],
    ['-light', { width: 1440, height: 900, theme: 'light' }],
    ['-narrow', { width: 360, height: 780, theme: 'dark' }],
  ] as const) {
    if (suffix !== '' && !everyWay) continue
    const context = await browser.newContext({
      viewport: { width: size.width ?? view.width, height: size.height ?? view.height },
      colorScheme: view.theme,
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await page.goto(`${manager.url}/app${path}`)
    await page.waitForTimeout(900)
    await act?.(page)
    await page.waitForTimeout(500)
    await page.screenshot({ path: join(docs, `${name}${suffix}.png`) })
    await context.close()
  }
}
