import type { Page } from 'playwright-core'
import { seedFarm } from '../seed.ts'
import type { Figures, Measuring } from './measuring.ts'
import { forget, longest, openProbed, seenBy } from './probe.ts'

interface Scrolled {
  frames: number
  /** Frames in which some height of the list showed no row. */
  blank: number
  /** Frames in which some row had its number but not yet its task. */
  awaited: number
}

/** A job of 100,000 tasks, scrolled by screens and by leaps. */
export async function measureManyTasks({ browser, url, quick }: Measuring): Promise<Figures> {
  const tasks = quick ? 5000 : 100_000
  const { jobs } = await seedFarm(url, {
    workers: 0,
    jobs: [{ name: `${tasks} tasks`, frames: `1-${tasks}`, finish: 0 }],
  })
  const page = await openProbed(browser, `${url}/app/jobs/${jobs[0]!.id}/tasks`)
  await page.getByText('render-1', { exact: true }).waitFor()
  await forget(page)
  const scrolled = await scroll(
    page,
    quick ? { screens: 60, leaps: 10 } : { screens: 300, leaps: 40 },
  )
  const { longTasks } = await seenBy(page)
  await page.getByText('preview-video', { exact: true }).waitFor()
  await page.context().close()
  return {
    'tasks in the job': tasks,
    'frames with a blank row': scrolled.blank,
    'of frames scrolled': scrolled.frames,
    'frames with a row whose task was still on its way': scrolled.awaited,
    'longest task of the page meanwhile, ms': longest(longTasks),
  }
}

/** Looks at every row's height of the list in every frame. */
function scroll(page: Page, far: { screens: number; leaps: number }): Promise<Scrolled> {
  return page.evaluate(async ({ screens, leaps }) => {
    const list = document.querySelector('table[aria-label=Tasks]')!.parentElement!
    const found = { frames: 0, blank: 0, awaited: 0 }
    const look = async (): Promise<void> => {
      await new Promise(requestAnimationFrame)
      const box = list.getBoundingClientRect()
      found.frames += 1
      let isBlank = false
      let isAwaited = false
      for (let y = box.top + 40; y < Math.min(box.bottom, innerHeight) - 30; y += 28) {
        const row = document.elementFromPoint(box.left + 20, y)?.closest('tr')
        if (!row || row.textContent?.trim() === '') isBlank = true
        if (row?.dataset.awaited !== undefined) isAwaited = true
      }
      if (isBlank) found.blank += 1
      if (isAwaited) found.awaited += 1
    }
    for (let step = 0; step < screens; step += 1) {
      list.scrollTop += list.clientHeight * 0.8
      await look()
    }
    for (let leap = 1; leap <= leaps; leap += 1) {
      list.scrollTop = (list.scrollHeight * ((leap * 17) % 40)) / 40
      for (let wait = 0; wait < 5; wait += 1) await look()
    }
    list.scrollTop = list.scrollHeight
    await look()
    return found
  }, far)
}
