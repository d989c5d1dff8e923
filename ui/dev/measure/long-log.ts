import type { Page } from 'playwright-core'
import { keepAwake, seedFarm } from '../seed.ts'
import type { Figures, Measuring } from './measuring.ts'
import { forget, longest, median, openProbed, seenBy } from './probe.ts'

const linesOfPart = 50_000

/** A log of a million lines: from the click on its task to its last line, and to a line far above. */
export async function measureLongLog({ browser, url, quick }: Measuring): Promise<Figures> {
  const job = await writeLog(url, 'long log', 1_000_000)
  const page = await openProbed(browser, `${url}/app/jobs/${job}/tasks`)
  const times: number[] = []
  for (let round = 0; round < (quick ? 2 : 7); round += 1) {
    await page.goto(`${url}/app/jobs/${job}/tasks`)
    await page.getByRole('link', { name: 'render-1', exact: true }).waitFor()
    await page.waitForTimeout(quick ? 600 : 1500)
    times.push(await openLog(page))
  }
  await forget(page)
  await scrollUp(page, quick ? 60 : 300)
  const { longTasks } = await seenBy(page)
  await page.context().close()
  return {
    'log of a million lines opens, ms': median(times),
    'longest task of the page while it is scrolled up, ms': longest(longTasks),
  }
}

/** Has a worker write so many lines of 53 bytes and a last one; answers the job, whose only task is `render-1`. */
export async function writeLog(url: string, name: string, lines: number): Promise<string> {
  const { jobs, workers } = await seedFarm(url, {
    workers: 1,
    jobs: [{ name, frames: '1', finish: 0, priority: 100 }],
  })
  keepAwake(workers)
  const worker = workers[0]!.client
  const task = await worker.scheduleTask()
  if (!task || !('uuid' in task) || task.job !== jobs[0]!.id) throw new Error('no task to write in')
  const line = 'Fra:1 Mem:2214.11M | Time:00:00.12 | Rendering 12/64\n'
  const part = line.repeat(linesOfPart)
  const params = { task_id: task.uuid }
  for (let written = 0; written < lines; written += linesOfPart) {
    await worker.taskUpdate({ params, body: { log: part }, timeoutMs: 120_000 })
  }
  await worker.taskUpdate({ params, body: { log: 'the last line\n' } })
  return jobs[0]!.id
}

/** From a click on the task to its last line, in ms. */
export function openLog(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const from = performance.now()
        const links = [...document.querySelectorAll<HTMLElement>('td a')]
        links.find((one) => one.textContent === 'render-1')?.click()
        const look = (): void => {
          const log = document.querySelector('[role=log]')
          if (log?.textContent?.includes('the last line')) resolve(performance.now() - from)
          else requestAnimationFrame(look)
        }
        look()
      }),
  )
}

/** A few thousand lines upwards, a screen in each frame. */
function scrollUp(page: Page, screens: number): Promise<void> {
  return page.evaluate(async (screens) => {
    const log = document.querySelector('[role=log]')!
    for (let step = 0; step < screens; step += 1) {
      log.scrollTop -= log.clientHeight
      await new Promise(requestAnimationFrame)
    }
  }, screens)
}
