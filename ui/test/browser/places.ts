import { createManagerClient } from '@shaman-farm/manager-api'
import type { Page } from 'playwright-core'
import type { Seeded } from '../../dev/seed.ts'

/** Every page of the dashboard by what it shows, over the demonstration's jobs. */
export async function placesOf(
  url: string,
  { jobs, workers }: Seeded,
): Promise<Record<string, string>> {
  const job = jobs.find((one) => one.name === 'sh020_anim_v014')!
  const client = createManagerClient({ url })
  const page = { params: { job_id: job.id }, query: { limit: 1 } }
  const [task] = (await client.farmJobTasks(page)).tasks
  const blob = await blobOf(url, 'spring/sh020_anim_v014')
  return {
    overview: '/',
    attention: '/attention',
    jobs: '/jobs',
    'jobs, wall': '/jobs?view=wall',
    'job, frames': `/jobs/${job.id}`,
    'job, one frame': `/jobs/${job.id}/frames/1001`,
    'job, tasks': `/jobs/${job.id}/tasks`,
    'job, one task': `/jobs/${job.id}/tasks/${task!.id}`,
    log: `/logs/${task!.id}`,
    'job, submission': `/jobs/${job.id}/submission`,
    'job, changed files': `/jobs/${job.id}/submission?since=spring/sh040_fx_v021`,
    'job, diff': `/jobs/${job.id}/diff/${jobs[1]!.id}`,
    'job, settings': `/jobs/${job.id}/settings`,
    'job, history': `/jobs/${job.id}/history`,
    submit: '/jobs/submit',
    workers: '/workers',
    'workers, table': '/workers?view=table',
    'workers, timeline': '/workers?view=timeline',
    worker: `/workers/${workers[0]!.uuid}`,
    tags: '/workers/tags',
    storage: '/storage',
    collection: '/storage/gc',
    checkout: '/storage/checkouts/spring/sh020_anim_v014',
    blob: `/storage/blobs/${blob.sha}/${blob.size}`,
    wall: '/wall',
    settings: '/settings',
    'settings, one section': '/settings/timeouts',
    'settings, access': '/settings/access',
    'settings, changes': '/settings/changes',
    welcome: '/welcome',
    'add-on': '/addon',
    'job types': '/job-types',
    'nothing there': '/no/such/page',
  }
}

async function blobOf(url: string, checkout: string): Promise<{ sha: string; size: number }> {
  const address = `${url}/api/v3/shaman/x/checkouts/${encodeURIComponent(checkout)}/manifest`
  const answer = await fetch(address, { signal: AbortSignal.timeout(20_000) })
  const { files } = (await answer.json()) as { files: { sha: string; size: number }[] }
  return files[0]!
}

/** Waits until a page has what it reads and says that it reads nothing more. */
export async function settled(page: Page): Promise<void> {
  await arrived(page)
  await page.waitForFunction(() => !document.querySelector('main [data-loading]'))
}

/** Waits until a page is there, with its parts that read on. */
export async function arrived(page: Page): Promise<void> {
  await page.getByText(/^live/).waitFor({ state: 'attached' })
  await page.waitForLoadState('load')
  // Parts that are fetched when they are first shown begin to read only then.
  await page.waitForTimeout(300)
}
