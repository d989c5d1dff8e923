import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagerClient } from '@shaman-farm/manager-api'
import { keepAwake, seedFarm } from '../seed.ts'
import type { Figures, Measuring } from './measuring.ts'
import { forget, longest, openProbed, seenBy } from './probe.ts'

const perSecond = 200

/** 200 changes a second, seen on the pages that show most of them. */
export async function measureLive({ browser, url, client, quick }: Measuring): Promise<Figures> {
  const { jobs, workers } = await seedFarm(url, {
    workers: 8,
    jobs: [{ name: 'events', frames: quick ? '1-500' : '1-2000', finish: 40, pictures: true }],
  })
  keepAwake(workers)
  const tasks = await taskIds(client, jobs[0]!.id)
  const change = createChanges(client, tasks)
  const heard = await countEvents(client, jobs[0]!.id)
  const figures: Figures = {}
  let shift = 0
  for (const [name, path] of Object.entries({
    overview: '/',
    'list of jobs': '/jobs',
    'job page': `/jobs/${jobs[0]!.id}`,
    'list of tasks': `/jobs/${jobs[0]!.id}/tasks`,
    workers: '/workers',
  })) {
    const page = await openProbed(browser, `${url}/app${path}`)
    await page.getByText(/^live/).waitFor()
    // What moves until everything was read is no live update.
    await page.waitForFunction(() => document.querySelector('[data-loading]') === null)
    await page.waitForTimeout(quick ? 800 : 2500)
    await forget(page)
    const before = heard.count()
    const from = performance.now()
    await change({ perSecond, seconds: quick ? 1 : 20 })
    const rate = (heard.count() - before) / ((performance.now() - from) / 1000)
    await page.waitForTimeout(quick ? 500 : 1500)
    const seen = await seenBy(page)
    shift += seen.layoutShift
    for (const what of seen.shifted) console.error(`${name}: ${what} moved`)
    figures[`${name}: longest task at 200 changes/s, ms`] = longest(seen.longTasks)
    figures[`${name}: events heard, 1/s`] = rate
    await page.context().close()
  }
  heard.stop()
  return { ...figures, 'layout shift of live updates': shift }
}

export async function taskIds(client: ManagerClient, job: string): Promise<string[]> {
  const query = { limit: 1000, offset: 100 }
  const { tasks } = await client.farmJobTasks({ params: { job_id: job }, query })
  return tasks.map((task) => task.id)
}

export interface Pace {
  perSecond: number
  seconds: number
}
export type Changes = (pace: Pace) => Promise<void>

/** Cancels and requeues tasks in turn, so many in a second, going on where it stopped. */
export function createChanges(client: ManagerClient, tasks: readonly string[]): Changes {
  let next = 0
  const change = (): Promise<unknown> => {
    const status = Math.floor(next / tasks.length) % 2 === 0 ? 'canceled' : 'queued'
    const task = tasks[next % tasks.length]!
    next += 1
    return client.setTaskStatus({
      params: { task_id: task },
      body: { status, reason: 'measured' },
    })
  }
  return async (pace) => {
    const from = performance.now()
    const underWay = new Set<Promise<unknown>>()
    for (let done = 0; done < pace.perSecond * pace.seconds; done += 1) {
      const ahead = (done * 1000) / pace.perSecond - (performance.now() - from)
      if (ahead > 5) await sleep(ahead)
      const one = change().finally(() => underWay.delete(one))
      underWay.add(one)
      if (underWay.size >= 32) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  }
}

/** Counts what the manager tells a listener of its own. */
export async function countEvents(client: ManagerClient, job: string) {
  const stopper = new AbortController()
  const address = client.eventsUrl(['status', 'jobs', 'workers', `job:${job}`])
  const response = await fetch(address, { signal: stopper.signal })
  let count = 0
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      count += decoder.decode(chunk, { stream: true }).split('\nevent:').length - 1
    }
  }
  void read().catch(() => {})
  return { count: () => count, stop: () => stopper.abort() }
}
