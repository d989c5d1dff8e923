import type { Page } from 'playwright-core'
import { keepAwake, seedFarm } from '../seed.ts'
import { createChanges, taskIds } from './live.ts'
import type { Figures, Measuring } from './measuring.ts'
import { heapOf, openProbed } from './probe.ts'

const perSecond = 50

/** Hours of work in little: a page that goes from place to place while tasks change. */
export async function measureSoak({
  browser,
  url,
  client,
  soakMinutes,
}: Measuring): Promise<Figures> {
  const { jobs, workers } = await seedFarm(url, {
    workers: 4,
    jobs: [{ name: 'soak', frames: '1-2000', finish: 40, pictures: true }],
  })
  keepAwake(workers)
  const job = jobs[0]!.id
  const tasks = await taskIds(client, job)
  let isOver = false
  const changes = createChanges(
    client,
    tasks,
  )({
    perSecond,
    seconds: soakMinutes * 60 + 600,
    stop: () => isOver,
  })
  const page = await openProbed(browser, `${url}/app/`)
  const heap = await heapOf(page)
  // Code and what is kept on purpose come with the first visits.
  for (let round = 0; round < 3; round += 1) await visitAll(page)
  const first = await heap()
  const end = performance.now() + soakMinutes * 60_000
  let visits = 0
  let most = first
  while (performance.now() < end) {
    await visitAll(page)
    visits += 1
    if (visits % 10 === 0) most = Math.max(most, await heap())
  }
  const last = await heap()
  isOver = true
  await changes
  await page.context().close()
  return {
    'soak, minutes': soakMinutes,
    'rounds through all places': visits,
    'heap after the first rounds, MB': first / 1e6,
    'heap at the end, MB': last / 1e6,
    'heap, most to first': Math.max(most, last) / first,
  }
}

/** By keys and clicks, as a person does: the page is never loaded anew. */
async function visitAll(page: Page): Promise<void> {
  for (const key of ['o', 'a', 'w', 's', 'j']) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.waitForTimeout(400)
  }
  await page.getByRole('link', { name: 'soak', exact: true }).click()
  await page.locator('canvas').first().waitFor()
  await page.waitForTimeout(400)
  for (const tab of ['Tasks', 'History', 'Submission', 'Frames']) {
    await page.getByRole('navigation', { name: 'Job' }).getByRole('link', { name: tab }).click()
    await page.waitForTimeout(300)
  }
}
