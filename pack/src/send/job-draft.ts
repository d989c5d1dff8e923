import { basename } from 'node:path'
import { PackError } from '../errors.ts'
import type { JobsApi, JobType, SubmissionDefaults, SubmittedJob } from './jobs-api.ts'
import { buildMetadata } from './metadata.ts'
import { buildSettings } from './settings.ts'
import type { SubmissionPlan, SubmitRequest } from './submission.ts'

/** What the farm says about the job that is about to be made. */
export interface FarmFacts {
  jobType: JobType
  defaults: SubmissionDefaults
  tagId: string | undefined
}

/** A job that lacks only the place of its .blend, which is known after the checkout. */
export interface JobDraft {
  /** The job with a stand-in for the .blend's place: good for checking. */
  forChecking: SubmittedJob
  inCheckout(checkoutPath: string): SubmittedJob
}

/** Asks first: an unreachable farm, or one without this job type, is found out before a long trace. */
export async function askFarm(request: SubmitRequest, jobs: JobsApi): Promise<FarmFacts> {
  const [jobType, defaults, tagId] = await Promise.all([
    jobs.jobType(request.type),
    jobs.submissionDefaults(submitterPlatform()),
    request.tag === undefined ? undefined : jobs.tagId(request.tag),
  ])
  if (!defaults.isShamanEnabled) {
    throw new PackError('STORE_DISABLED', 'This manager takes no uploads: its Shaman is off', {
      hint: 'Turn it on in the manager’s configuration (shaman: enabled: true).',
    })
  }
  return { jobType, defaults, tagId }
}

/** Puts a job together from the request, the farm's job type and the .blend itself. */
export async function draftJob(
  request: SubmitRequest,
  farm: FarmFacts,
  plan: SubmissionPlan,
): Promise<JobDraft> {
  const name = jobNameOf(request)
  const blendPath = request.as ?? request.blend
  const job: Omit<SubmittedJob, 'settings'> = {
    name,
    type: farm.jobType.name,
    type_etag: request.typeEtag ?? farm.jobType.etag,
    priority: request.priority,
    metadata: {
      // Workers refuse to render a frame that lacks a file, unless the artist wants it so.
      ...(plan.missing.length > 0 ? { missing: 'ignore' } : {}),
      ...(await metadataOf(request, plan)),
    },
    submitter_platform: submitterPlatform(),
    initial_status: request.startPaused ? 'paused' : 'queued',
    ...(farm.tagId === undefined ? {} : { worker_tag: farm.tagId }),
  }
  const settingsIn = (checkout: string): SubmittedJob['settings'] =>
    buildSettings({
      jobType: farm.jobType,
      given: request.settings,
      scene: plan.scene,
      jobName: name,
      blendPath,
      blendfile: `{jobs}/${checkout}/${plan.blendPackPath}`,
      renderOutputRoot: farm.defaults.renderOutputRoot,
    })
  return {
    forChecking: { ...job, settings: settingsIn('not-yet-checked-out') },
    inCheckout: (checkoutPath) => ({
      ...job,
      settings: settingsIn(checkoutPath),
      storage: { shaman_checkout_id: checkoutPath },
    }),
  }
}

function metadataOf(request: SubmitRequest, plan: SubmissionPlan): Promise<Record<string, string>> {
  return buildMetadata({
    project: plan.project,
    blendPath: request.as ?? request.blend,
    scene: plan.scene.scene,
    blenderVersion: plan.scene.blenderVersion,
    given: request.metadata,
  })
}

/** The given name, else the .blend's. */
export function jobNameOf(request: SubmitRequest): string {
  return request.name ?? basename(request.as ?? request.blend).replace(/\.blend$/i, '')
}

/** This machine as the API spells platforms. */
export function submitterPlatform(): string {
  return process.platform === 'win32' ? 'windows' : process.platform
}
