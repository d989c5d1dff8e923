import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeltaSender } from '@shaman-farm/shaman/client'
import { userCacheDir } from '@shaman-farm/terminal/cache-dir'
import { PackError, systemCode } from '../errors.ts'
import { openHashCache } from './hash-cache.ts'
import { askFarm, draftJob, jobNameOf } from './job-draft.ts'
import { createJobsApi } from './jobs-api.ts'
import { planSubmission } from './plan.ts'
import { makeReport } from './report.ts'
import { safeName } from './settings.ts'
import type { Submission, SubmitAudience, SubmitRequest } from './submission.ts'
import { hashPlan, sendPlan } from './upload.ts'

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
  const delta = createDeltaSender({ dir: join(userCacheDir(), 'delta') })
  try {
    const farm = await askFarm(request, jobs)
    const plan = await planSubmission(request, audience)
    if (plan.missing.length > 0 && !(await audience.decideMissing(plan.missing))) throw canceled()
    const draft = await draftJob(request, farm, plan)
    // What the farm would refuse, it refuses before anything is hashed or sent.
    await jobs.check(draft.forChecking)

    const context = { request, plan, cache, delta, audience }
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
    await delta.close()
    await cache.close()
    await jobs.close()
  }
}

function canceled(cause?: unknown): PackError {
  return new PackError('CANCELED', 'Canceled: no job was made', {
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
      throw new PackError('BLEND_MISSING', `Cannot read ${path}: ${reason}`, {
        cause: error,
        hint: 'Is the path right?',
      })
    },
  )
  if (!isFile) {
    throw new PackError('BLEND_MISSING', `${path} is no file`, { hint: 'Name a .blend file.' })
  }
}
