import type { ManagerClient } from '@shaman-farm/manager-api'
import type { Page, Route } from 'playwright-core'
import { keepAwake, seedFarm } from '../seed.ts'
import type { Figures, Measuring } from './measuring.ts'
import { forget, longest, median, openProbed, seenBy } from './probe.ts'

const name = 'ten thousand frames'

/** A job of 10,000 frames: how long it takes to open, and to draw a tenth of it anew. */
export async function measureLargeJob({
  browser,
  url,
  client,
  quick,
}: Measuring): Promise<Figures> {
  const { jobs, workers } = await seedFarm(url, {
    workers: 2,
    jobs: [{ name, frames: '1-10000', finish: 20 }],
  })
  keepAwake(workers)
  const job = jobs[0]!.id
  const page = await openProbed(browser, `${url}/app/jobs`)
  const times: number[] = []
  for (let round = 0; round < (quick ? 3 : 7); round += 1) {
    await page.goto(`${url}/app/jobs`)
    await page.getByRole('link', { name }).waitFor()
    // The page fetches what is opened next once it is idle.
    await page.waitForTimeout(quick ? 800 : 2500)
    times.push(await openGrid(page))
  }
  const repaint = await repaintTenth(page, { job, client, rounds: quick ? 3 : 10 })
  await page.context().close()
  return { 'job of 10,000 frames opens, ms': median(times), ...repaint }
}

/** From the click to the grid drawn, in ms, by the page's own clock. */
function openGrid(page: Page): Promise<number> {
  return page.evaluate(
    (name) =>
      new Promise<number>((resolve) => {
        const from = performance.now()
        const link = [...document.querySelectorAll('a')].find((one) => one.textContent === name)
        link?.click()
        const look = (): void => {
          const canvas = document.querySelector('canvas')
          if (canvas && canvas.height > 200) resolve(performance.now() - from)
          else requestAnimationFrame(look)
        }
        look()
      }),
    name,
  )
}

interface Repainting {
  job: string
  client: ManagerClient
  rounds: number
}

/** One answer in which every tenth frame is another than before: what is drawn anew, in ms. */
async function repaintTenth(page: Page, { job, client, rounds }: Repainting): Promise<Figures> {
  const { tasks } = await client.farmJobTasks({
    params: { job_id: job },
    query: { limit: rounds, offset: 9000 },
  })
  const frames: number[] = []
  const tasksOver50: number[] = []
  await page.route(`**/farm/jobs/${job}/frames`, changeTenth())
  for (const task of tasks) {
    const before = await pictureOf(page)
    await forget(page)
    const answered = page.waitForResponse(`**/farm/jobs/${job}/frames`)
    await client.setTaskStatus({
      params: { task_id: task.id },
      body: { status: 'canceled', reason: 'measured' },
    })
    await answered
    await otherThan(page, before)
    // What it brings about besides.
    await page.waitForTimeout(500)
    const seen = await seenBy(page)
    frames.push(seen.longestFrame)
    tasksOver50.push(longest(seen.longTasks))
  }
  await page.unrouteAll()
  return {
    'a tenth of 10,000 frames drawn anew, ms': median(frames),
    'longest task of the page meanwhile, ms': longest(tasksOver50),
  }
}

/** The manager's own answer, with the status of every tenth frame turned. */
function changeTenth(): (route: Route) => Promise<void> {
  let round = 0
  return async (route) => {
    const response = await route.fetch()
    const answer = (await response.json()) as { runs: { status: string }[] }
    round += 1
    const status = round % 2 === 1 ? 'completed' : 'failed'
    for (let at = 0; at < answer.runs.length; at += 10) answer.runs[at]!.status = status
    await route.fulfill({ response, json: answer })
  }
}

function otherThan(page: Page, before: string): Promise<unknown> {
  return page.waitForFunction(
    (before) => document.querySelector('canvas')!.toDataURL() !== before,
    before,
    { polling: 100 },
  )
}

function pictureOf(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector('canvas')!.toDataURL())
}
