import type { Browser, Page } from 'playwright-core'
import { keepAwake, seedFarm } from '../seed.ts'
import { complete, framesOf, type SeedWorker } from '../seed-worker.ts'
import { runFast } from './fast-clock.ts'
import { type Changes, countEvents, createChanges, taskIds } from './live.ts'
import type { Figures, Measuring } from './measuring.ts'
import { type Held, heldBy, relieve } from './probe.ts'

/** What a hundred workers bring that render a frame in 15 s: begun, done, its job, its picture. */
const eventsPerSecond = 20
const sampleEveryHours = 0.5
/** A machine that makes events too slowly is waited for so many times the minutes. */
const patience = 3

/**
 * Hours of a busy farm in minutes: the page's clock runs faster, and as many events come as those hours bring, while it
 * goes from place to place. It ends when the hours are gone and all their events came. What the page holds is looked at
 * in one place after each half hour of its own time.
 */
export async function measureSoak(measuring: Measuring): Promise<Figures> {
  const { browser, url, client, soak, quick } = measuring
  const { jobs, workers } = await seedFarm(url, {
    workers: 4,
    jobs: [
      // Before what earlier measures left waiting, or nobody writes its logs.
      {
        name: 'soak',
        frames: quick ? '1-500' : '1-2000',
        finish: 40,
        pictures: true,
        priority: 80,
      },
      { name: 'renders', frames: quick ? '1-500' : '1-8000', finish: 0, priority: 90 },
    ],
  })
  keepAwake(workers)
  const job = jobs[0]!.id
  const heard = await countEvents(client, job)
  const change = createChanges(client, await taskIds(client, job))
  const speed = (soak.hours * 60) / soak.minutes
  const page = await openFast(browser, `${url}/app/`, speed)
  const from = performance.now()
  const hours = (): number => ((performance.now() - from) / 3_600_000) * speed
  const owed = (hours: number) => hours * 3600 * eventsPerSecond
  const isBehind = () => heard.count() < owed(Math.min(hours(), soak.hours))
  const isDone = () => hours() >= soak.hours && (!isBehind() || hours() >= patience * soak.hours)
  let isOver = false
  const busy = keepBusy({ change, workers, isBehind, isOver: () => isOver })
  try {
    const figures = await Promise.race([
      lookAgainAndAgain(page, {
        visit: () => visitAll(page, quick ? 100 : 350),
        firstRounds: quick ? 1 : 3,
        hours,
        every: Math.min(sampleEveryHours, soak.hours / 4),
        isDone,
        isLong: !quick,
      }),
      busy.then(() => Promise.reject(new Error('the farm stood still'))),
    ])
    return {
      'soak, hours of the page': hours(),
      'soak, minutes it took': (hours() * 60) / speed,
      'events heard': heard.count(),
      'events owed': owed(soak.hours),
      ...figures,
    }
  } finally {
    isOver = true
    await busy.catch(() => {})
    heard.stop()
    await page.context().close()
  }
}

async function openFast(browser: Browser, address: string, speed: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await runFast(page, speed)
  await page.goto(address)
  return page
}

interface Looking {
  /** Goes through all places once. */
  visit(): Promise<void>
  firstRounds: number
  /** Hours of the page's time that are gone. */
  hours(): number
  /** After so many of them what the page holds is looked at. */
  every: number
  isDone(): boolean
  /** Long enough for the browser to have kept something. */
  isLong: boolean
}

/** Goes through all places until all is done, and looks at what the page holds now and then. */
async function lookAgainAndAgain(
  page: Page,
  { visit, firstRounds, hours, every, isDone, isLong }: Looking,
): Promise<Figures> {
  const held = await heldBy(page)
  // Code and what is kept on purpose come with the first visits.
  for (let round = 0; round < firstRounds; round += 1) await visit()
  const first = await held()
  const samples = [first]
  const figures: Figures = tell('after the first rounds', first)
  let visits = 0
  for (let next = every; visits === 0 || !isDone(); visits += 1) {
    await visit()
    if (hours() < next && !isDone()) continue
    next += every
    const now = await held()
    samples.push(now)
    Object.assign(figures, tell(`after ${hours().toFixed(1)} h`, now))
  }
  if (isLong) {
    await relieve(page)
    Object.assign(figures, tell('once memory is short', await held()))
  }
  const mostToFirst = (what: keyof Held): number =>
    Math.max(...samples.map((sample) => sample[what])) / first[what]
  return {
    'rounds through all places': visits,
    ...figures,
    'heap, most to first': mostToFirst('heap'),
    'DOM nodes, most to first': mostToFirst('nodes'),
    'listeners, most to first': mostToFirst('listeners'),
    'memory of its process, most to first': mostToFirst('memory'),
  }
}

function tell(when: string, { heap, nodes, listeners, memory }: Held): Figures {
  return {
    [`heap ${when}, MB`]: heap / 1e6,
    [`DOM nodes ${when}`]: nodes,
    [`listeners ${when}`]: listeners,
    [`memory of the page's process ${when}, MB`]: memory / 1e6,
  }
}

interface Busy {
  change: Changes
  workers: readonly SeedWorker[]
  /** Fewer events were heard than the time that is gone brings. */
  isBehind(): boolean
  isOver(): boolean
}

/** Tasks change for as long as events are owed, and workers send pictures and logs meanwhile. */
async function keepBusy({ change, workers, isBehind, isOver }: Busy): Promise<void> {
  const changes = async (): Promise<void> => {
    while (!isOver()) {
      if (isBehind()) await change({ perSecond: 1000, seconds: 0.1 })
      else await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const renders = async (worker: SeedWorker): Promise<void> => {
    while (!isOver()) {
      const task = await worker.client.scheduleTask()
      if (task && 'uuid' in task) await complete(worker, task, framesOf(task), true, 200)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  await Promise.all([changes(), ...workers.map(renders)])
}

/** By keys and clicks, as a person does: the page is never loaded anew. Ends in the list of jobs. */
async function visitAll(page: Page, stayMs: number): Promise<void> {
  await page.getByRole('link', { name: 'Jobs', exact: true }).click()
  await page.getByRole('link', { name: 'soak', exact: true }).click()
  await page.locator('canvas').first().waitFor()
  await page.waitForTimeout(stayMs)
  const tabs = page.getByRole('navigation', { name: 'Job' })
  for (const tab of ['Submission', 'Settings', 'History', 'Frames', 'Tasks']) {
    await tabs.getByRole('link', { name: tab }).click()
    await page.waitForTimeout(stayMs)
  }
  await page.getByRole('link', { name: 'render-1', exact: true }).click()
  await page.getByRole('log').waitFor()
  await page.waitForTimeout(stayMs)
  for (const key of ['o', 'a', 'w', 's', ',', 'j']) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.waitForTimeout(stayMs)
  }
}
