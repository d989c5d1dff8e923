// How the dashboard does with a lot of everything, in a real browser against a real manager.
// `node ui/dev/measure.ts [--quick] [--json] [--only NAME] [--soak-hours N] [--soak-minutes N] [--dir FOLDER]`
// Nothing here passes or fails: the bench sets the figures beside their targets.
import { parseArgs } from 'node:util'
import { createManagerClient } from '@shaman-farm/manager-api'
import { openBrowser, startManagerProcess } from '../test/browser/dashboard.ts'
import { firstRouteBytes } from './measure/first-route.ts'
import { measureHugeLog } from './measure/huge-log.ts'
import { measureLargeJob } from './measure/large-job.ts'
import { measureLive } from './measure/live.ts'
import { measureLongLog } from './measure/long-log.ts'
import { measureManyJobs } from './measure/many-jobs.ts'
import { measureManyTasks } from './measure/many-tasks.ts'
import type { Figures, Measuring } from './measure/measuring.ts'
import { measureSoak } from './measure/soak.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    'soak-hours': { type: 'string' },
    'soak-minutes': { type: 'string' },
    dir: { type: 'string' },
  },
})

// In this order: each leaves the farm larger than it was.
const measures: Record<string, (measuring: Measuring) => Promise<Figures>> = {
  'first-route': async () => ({ 'first route, kB': (await firstRouteBytes('overview')) / 1000 }),
  'large-job': measureLargeJob,
  live: measureLive,
  soak: measureSoak,
  'long-log': measureLongLog,
  'huge-log': measureHugeLog,
  'many-jobs': measureManyJobs,
  'many-tasks': measureManyTasks,
}

const manager = await startManagerProcess(0, values.dir)
const browser = await openBrowser()
try {
  const measuring: Measuring = {
    browser,
    client: createManagerClient({ url: manager.url, timeoutMs: 600_000 }),
    url: manager.url,
    quick: values.quick,
    soak: {
      hours: Number(values['soak-hours'] ?? (values.quick ? 0.02 : 4)),
      minutes: Number(values['soak-minutes'] ?? (values.quick ? 0.1 : 20)),
    },
  }
  for (const [name, measure] of Object.entries(measures)) {
    if (name.includes(values.only)) tell(name, await measure(measuring).catch(failed))
  }
} finally {
  await browser.close()
  await manager.stop()
}

function failed(cause: unknown): { error: string } {
  process.exitCode = 1
  return { error: cause instanceof Error ? cause.message : String(cause) }
}

function tell(name: string, figures: Figures | { error: string }): void {
  if (values.json) console.log(JSON.stringify({ name, figures }))
  else for (const [what, value] of Object.entries(figures)) console.log(`${what}: ${value}`)
}
