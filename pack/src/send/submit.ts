import { stat } from 'node:fs/promises'
import type { UploadProgress, UploadReceipt } from '@shaman-farm/shaman/client'
import { SendError, systemCode } from './errors.ts'
import { openHashCache } from './hash-cache.ts'
import type { HashProgress } from './hash-files.ts'
import { askFarm, draftJob, jobNameOf } from './job-draft.ts'
import { createJobsApi, type MadeJob } from './jobs-api.ts'
import { type PlanProblem, planSubmission } from './plan.ts'
import { makeReport, type SubmitReport } from './report.ts'
import { safeName } from './settings.ts'
import { hashPlan, sendPlan } from './upload.ts'

/** A .blend to send and the job to make of it. */
export interface SubmitRequest {
  /** The file that is read; a temporary copy when `as` is given. */
  blend: string
  /** Where the .blend is to be taken to lie; its relative paths start there. */
  as?: string | undefined
  manager: string
  token?: string | undefined
  name?: string | undefined
  type: string
  /** The job type's etag that the settings were made for; a job type changed since is then refused. */
  typeEtag?: string | undefined
  settings: Readonly<Record<string, string>>
  metadata: Readonly<Record<string, string>>
  priority: number
  startPaused: boolean
  tag?: string | undefined
  project?: string | undefined
  /** Stops after the report. */
  dryRun: boolean
}

/** Who watches a submission, and decides in it. */
export interface SubmitAudience {
  signal?: AbortSignal | undefined
  onTrace?: (progress: { blends: number; path: string }) => void
  onHash?: (progress: HashProgress) => void
  onUpload?: (progress: UploadProgress) => void
  /** Asked when files are missing; answers whether to go on without them, or throws. */
  decideMissing: (missing: readonly PlanProblem[]) => Promise<boolean>
  /** Shown the report; answers whether to send. */
  decideReport: (report: SubmitReport) => Promise<boolean>
}

/** What became of a submission. */
export interface Submission {
  job: MadeJob
  checkout: string
  receipt: UploadReceipt
  /** The job's page in the dashboard. */
  url: string
}

/** Traces, reports, uploads what the farm lacks and makes the job; undefined after a dry run. */
export async function submitBlend(
  request: SubmitRequest,
  audience: SubmitAudience,
  options: { hashCacheFile?: string | undefined } = {},
): Promise<Submission | undefined> {
  const { signal } = audience
  await assertBlend(request.blend)
  const jobs = createJobsApi({ url: request.manager, token: request.token, signal })
  const cache = await openHashCache(
    options.hashCacheFile === undefined ? {} : { file: options.hashCacheFile },
  )
  try {
    const farm = await askFarm(request, jobs)
    const plan = await planSubmission(request, audience)
    if (plan.missing.length > 0 && !(await audience.decideMissing(plan.missing))) throw canceled()
    const draft = await draftJob(request, farm, plan)
    // What the farm would refuse, it refuses before anything is hashed or sent.
    await jobs.check(draft.forChecking)

    const context = { request, plan, cache, audience }
    const digests = await hashPlan(context)
    const report = makeReport(plan, digests, await jobs.newContents(digests))
    const isWanted = await audience.decideReport(report)
    if (request.dryRun) return undefined
    if (!isWanted) throw canceled()

    const { checkoutPath, receipt } = await sendPlan(context, digests, safeName(jobNameOf(request)))
    const job = await jobs.submit(draft.inCheckout(checkoutPath))
    const url = `${jobs.url}/app/jobs/${job.id}`
    return { job, checkout: checkoutPath, receipt, url }
  } catch (error) {
    throw signal?.aborted ? canceled(error) : error
  } finally {
    await cache.close()
    await jobs.close()
  }
}

function canceled(cause?: unknown): SendError {
  return new SendError('CANCELED', 'Canceled: no job was made', {
    cause,
    hint: 'What was uploaded so far will not travel again.',
  })
}

async function assertBlend(path: string): Promise<void> {
  const isFile = await stat(path).then(
    (stats) => stats.isFile(),
    (error: unknown) => {
      const isAbsent = systemCode(error) === 'ENOENT'
      const reason = isAbsent ? 'there is no such file' : systemCode(error)
      throw new SendError('BLEND_MISSING', `Cannot read ${path}: ${reason}`, {
        cause: error,
        hint: 'Is the path right?',
      })
    },
  )
  if (!isFile) {
    throw new SendError('BLEND_MISSING', `${path} is no file`, { hint: 'Name a .blend file.' })
  }
}
