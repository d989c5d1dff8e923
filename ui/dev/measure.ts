// How the dashboard does with a lot of everything, in a real browser against a real manager.
// `node ui/dev/measure.ts`; prints a table. Nothing here passes or fails.
import { createManagerClient } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import { openBrowser, startManagerProcess } from '../test/browser/dashboard.ts'
import { seedFarm } from './seed.ts'

const manager = await startManagerProcess()
const client = createManagerClient({ url: manager.url, timeoutMs: 120_000 })
const browser = await openBrowser()
const rows: [string, string][] = []
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const long = await longTasks(page)

  const { jobs, workers } = await seedFarm(manager.url, {
    workers: 2,
    jobs: [{ name: 'ten thousand frames', frames: '1-10000', finish: 20 }],
  })
  await page.goto(`${manager.url}/app/jobs`)
  await page.getByRole('link', { name: 'ten thousand frames' }).waitFor()
  rows.push(['job with 10,000 frames, from the click to the drawn grid', await untilGrid(page)])

  const events = await measureEvents(page, jobs[0]!.id)
  rows.push(['longest task of the page while 200 tasks changed', events])
  await page.goto(`${manager.url}/app/jobs/${jobs[0]!.id}/tasks`)
  await page.getByText('render-1', { exact: true }).waitFor()
  rows.push([
    '10,001 tasks, scrolled to the end: until the last row is there',
    await toLastTask(page),
  ])

  rows.push([
    'log of a million lines (51 MB), from the click to its last line',
    await openLongLog(page),
  ])

  for (let index = 0; index < 1000; index += 1) {
    await client.submitJob({
      body: {
        name: `job ${index}`,
        type: 'echo-sleep-test',
        priority: 50,
        submitter_platform: 'linux',
        settings: { message: 'hello', sleep_duration_seconds: 0, sleep_repeats: 1 },
      },
    })
  }
  const from = Date.now()
  await page.goto(`${manager.url}/app/jobs`)
  await page.getByRole('link', { name: 'job 999' }).waitFor()
  rows.push(['1,000 jobs, from the address to the rows', `${Date.now() - from} ms`])
  rows.push(['long tasks over 50 ms in all', String((await long()).length)])
  void workers
} finally {
  await browser.close()
  await manager.stop()
}
for (const [what, figure] of rows) console.log(`${figure.padStart(12)}  ${what}`)

/** Times of the page's tasks over 50 ms so far. */
async function longTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.addInitScript(() => {
    const seen: number[] = []
    Object.assign(globalThis, { farmLongTasks: seen })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.push(entry.duration)
    }).observe({ type: 'longtask', buffered: true })
  })
  return () =>
    page.evaluate(() => (globalThis as unknown as { farmLongTasks: number[] }).farmLongTasks)
}

async function untilGrid(page: Page): Promise<string> {
  // The page fetches what is opened next once it is idle.
  await page.waitForTimeout(3000)
  const from = Date.now()
  await page.getByRole('link', { name: 'ten thousand frames' }).click()
  await page.waitForFunction(() => {
    const canvas = document.querySelector('canvas')
    return canvas !== null && canvas.height > 200
  })
  return `${Date.now() - from} ms`
}

async function measureEvents(page: Page, job: string): Promise<string> {
  await page.evaluate(() => {
    ;(globalThis as unknown as { farmLongTasks: number[] }).farmLongTasks.length = 0
  })
  const { tasks } = await client.farmJobTasks({
    params: { job_id: job },
    query: { limit: 200, offset: 5000 },
  })
  await Promise.all(
    tasks.map((task) =>
      client.setTaskStatus({
        params: { task_id: task.id },
        body: { status: 'canceled', reason: 'measured' },
      }),
    ),
  )
  await page.waitForTimeout(4000)
  const seen = await page.evaluate(
    () => (globalThis as unknown as { farmLongTasks: number[] }).farmLongTasks,
  )
  return `${Math.round(Math.max(0, ...seen))} ms`
}

async function toLastTask(page: Page): Promise<string> {
  const from = Date.now()
  await page
    .locator('table')
    .locator('..')
    .evaluate((element) => {
      element.scrollTop = element.scrollHeight
    })
  await page.getByText('preview-video', { exact: true }).waitFor()
  return `${Date.now() - from} ms`
}

async function openLongLog(page: Page): Promise<string> {
  const { jobs, workers } = await seedFarm(manager.url, {
    workers: 1,
    jobs: [{ name: 'long log', frames: '1', finish: 0, priority: 99 }],
  })
  const worker = workers[0]!.client
  const task = await worker.scheduleTask()
  if (!task || !('uuid' in task) || task.job !== jobs[0]!.id) return 'no task'
  const part = `${'Fra:1 Mem:2214.11M | Time:00:00.12 | Rendering 12/64'.slice(0, 50)}\n`.repeat(
    50_000,
  )
  for (let index = 0; index < 20; index += 1) {
    await worker.taskUpdate({
      params: { task_id: task.uuid },
      body: { log: part },
      timeoutMs: 120_000,
    })
  }
  await worker.taskUpdate({ params: { task_id: task.uuid }, body: { log: 'the last line\n' } })
  await page.goto(`${manager.url}/app/jobs/${jobs[0]!.id}/tasks`)
  await page.getByRole('link', { name: 'render-1', exact: true }).waitFor()
  const from = Date.now()
  await page.getByRole('link', { name: 'render-1', exact: true }).click()
  await page.getByRole('log').getByText('the last line').waitFor()
  return `${Date.now() - from} ms`
}
