import { Agent, request } from 'undici'
import { PackError, systemCode } from '../errors.ts'
import type { HashedFile } from './hash-files.ts'

/** A setting that a job type asks for, as the manager lists it. */
export interface JobTypeSetting {
  key: string
  type: 'string' | 'int32' | 'float' | 'bool'
  subtype?: string
  choices?: string[]
  propargs?: Record<string, unknown>
  default?: unknown
  eval?: string
  visible?: string
  required?: boolean
  editable?: boolean
}

/** A job type the manager offers. */
export interface JobType {
  name: string
  label: string
  etag: string
  settings: JobTypeSetting[]
}

/** One value of a job's settings. */
export type SettingValue = string | number | boolean

/** What is sent to make a job. */
export interface SubmittedJob {
  name: string
  type: string
  type_etag?: string
  priority: number
  settings: Record<string, SettingValue>
  metadata: Record<string, string>
  submitter_platform: string
  storage?: { shaman_checkout_id: string }
  worker_tag?: string
  initial_status?: 'queued' | 'paused'
}

/** The part of the manager's answer that a submission needs. */
export interface MadeJob {
  id: string
  name: string
}

/** Where the manager suggests that renders go, and whether it takes uploads. */
export interface SubmissionDefaults {
  /** Absent when the manager (Flamenco) has no such suggestion. */
  renderOutputRoot: string | undefined
  isShamanEnabled: boolean
}

/** The few calls of the manager's API that a submission makes. */
export interface JobsApi {
  readonly url: string
  jobType(name: string): Promise<JobType>
  /** The id of the worker tag called `nameOrId`. */
  tagId(nameOrId: string): Promise<string>
  submissionDefaults(platform: string): Promise<SubmissionDefaults>
  /** The SHA-256s, of those given by path, whose content the farm has not got. */
  newContents(files: ReadonlyMap<string, HashedFile>): Promise<ReadonlySet<string>>
  /** Compiles the job without storing it; throws what is wrong with it. */
  check(job: SubmittedJob): Promise<void>
  submit(job: SubmittedJob): Promise<MadeJob>
  close(): Promise<void>
}

/** Options of {@link createJobsApi}. */
export interface JobsApiOptions {
  /** `http://host:port` of the manager. */
  url: string
  token?: string | undefined
  timeoutMs?: number
  signal?: AbortSignal | undefined
}

interface Answer {
  status: number
  body: unknown
}

/** A client for the calls around a submission; every call has a timeout. */
export function createJobsApi(options: JobsApiOptions): JobsApi {
  const url = options.url.replace(/\/+$/, '')
  const timeoutMs = options.timeoutMs ?? 15_000
  const agent = new Agent({
    connect: { timeout: Math.min(timeoutMs, 5_000) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })

  async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    try {
      const response = await request(`${url}/api/v3${path}`, {
        method,
        dispatcher: agent,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(options.signal ? { signal: options.signal } : {}),
      })
      const text = await response.body.text()
      return { status: response.statusCode, body: parseBody(text) }
    } catch (error) {
      options.signal?.throwIfAborted()
      throw unreachable(url, error)
    }
  }

  async function get(path: string): Promise<unknown> {
    const answer = await call('GET', path)
    if (answer.status === 200 && answer.body !== undefined) return answer.body
    throw refusal(url, path, answer)
  }

  return {
    url,
    async jobType(name) {
      const answer = await call('GET', `/jobs/type/${encodeURIComponent(name)}`)
      if (answer.status === 404) throw await unknownJobType(name, () => get('/jobs/types'))
      if (answer.status !== 200 || !isJobType(answer.body)) {
        throw refusal(url, `/jobs/type/${name}`, answer)
      }
      return answer.body
    },
    async tagId(nameOrId) {
      const { tags = [] } = (await get('/worker-mgt/tags')) as {
        tags?: { id: string; name: string }[]
      }
      const tag = tags.find(({ id, name }) => id === nameOrId || name === nameOrId)
      if (tag) return tag.id
      throw new PackError('TAG_UNKNOWN', `The farm has no worker tag "${nameOrId}"`, {
        hint: tags.length
          ? `It has ${tags.map(({ name }) => name).join(', ')}.`
          : 'It has no worker tags at all; leave --tag out.',
      })
    },
    async submissionDefaults(platform) {
      const answer = await call('GET', `/farm/submission-defaults?platform=${platform}`)
      if (answer.status === 200) return defaultsOf(answer.body)
      if (answer.status !== 404) throw refusal(url, '/farm/submission-defaults', answer)
      // A Flamenco manager: it tells whether it takes uploads, and leaves the output to the artist.
      const storage = await get(`/configuration/shared-storage/users/${platform}`)
      const isShamanEnabled = (storage as { shamanEnabled?: unknown }).shamanEnabled === true
      return { renderOutputRoot: undefined, isShamanEnabled }
    },
    async newContents(files) {
      const path = '/shaman/checkout/requirements'
      const specs = [...files].map(([path, { sha, size }]) => ({ sha, size, path }))
      const answer = await call('POST', path, { files: specs })
      if (answer.status !== 200) throw refusal(url, path, answer)
      const { files: lacking = [] } = answer.body as { files?: { sha: string }[] }
      return new Set(lacking.map(({ sha }) => sha))
    },
    async check(job) {
      const answer = await call('POST', '/jobs/check', job)
      if (answer.status !== 204 && answer.status !== 200) {
        throw jobRefusal(url, '/jobs/check', job, answer)
      }
    },
    async submit(job) {
      const answer = await call('POST', '/jobs', job)
      const made = answer.body as Partial<MadeJob> | undefined
      if (answer.status === 200 && typeof made?.id === 'string') {
        return { id: made.id, name: made.name ?? job.name }
      }
      throw jobRefusal(url, '/jobs', job, answer)
    },
    close: () => agent.close(),
  }
}

function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function isJobType(body: unknown): body is JobType {
  const type = body as Partial<JobType> | undefined
  return typeof type?.name === 'string' && Array.isArray(type.settings)
}

function defaultsOf(body: unknown): SubmissionDefaults {
  const { render_output_root: root, shaman_enabled: enabled } = body as Record<string, unknown>
  return {
    renderOutputRoot: typeof root === 'string' && root !== '' ? root : undefined,
    isShamanEnabled: enabled !== false,
  }
}

function messageOf(answer: Answer): string | undefined {
  const message = (answer.body as { message?: unknown } | undefined)?.message
  return typeof message === 'string' && message !== '' ? message : undefined
}

function hintOf(answer: Answer): { hint?: string } {
  const hint = (answer.body as { hint?: unknown } | undefined)?.hint
  return typeof hint === 'string' ? { hint } : {}
}

function unreachable(url: string, cause: unknown): PackError {
  const code = systemCode(cause) ?? (cause as { cause?: { code?: string } }).cause?.code
  if (code?.startsWith('UND_ERR_') && code.endsWith('TIMEOUT')) {
    return new PackError('MANAGER_SLOW', `The manager at ${url} does not answer`, {
      cause,
      hint: 'Is it busy, or is something between you and it swallowing the request?',
    })
  }
  return new PackError('MANAGER_UNREACHABLE', `Cannot reach the manager at ${url} (${code})`, {
    cause,
    hint: 'Is it running, and is the address right? `farm up` starts one on this machine.',
  })
}

/** An answer that is not what the operation gives, told by what the status means. */
function refusal(url: string, path: string, answer: Answer): PackError {
  const message = messageOf(answer)
  const detail = { status: answer.status, path }
  if (answer.status === 401 || answer.status === 403) {
    return new PackError(
      'MANAGER_NOT_ALLOWED',
      message ?? `The manager at ${url} does not accept your token`,
      { detail, hint: 'Give the token that the farm’s wrangler made for you with --token.' },
    )
  }
  if (message === undefined && answer.status < 500) {
    return new PackError('NOT_A_MANAGER', `What answers at ${url} is no farm manager`, {
      detail,
      hint: 'Is another program listening on that port?',
    })
  }
  return new PackError(
    'MANAGER_FAILED',
    `The manager answered ${answer.status} to ${path}: ${message ?? 'no reason given'}`,
    { detail, ...hintOf(answer) },
  )
}

function jobRefusal(url: string, path: string, job: SubmittedJob, answer: Answer): PackError {
  const detail = { status: answer.status, path, ...errorsOf(answer) }
  if (answer.status === 412) {
    return new PackError('JOB_TYPE_CHANGED', `The job type ${job.type} changed on the farm`, {
      detail,
      hint: 'Refresh the job types, look at the settings again and submit once more.',
    })
  }
  if (answer.status === 400 || answer.status === 422) {
    return new PackError(
      'JOB_REJECTED',
      `The farm refuses this job: ${messageOf(answer) ?? 'no reason given'}`,
      { detail, ...hintOf(answer) },
    )
  }
  return refusal(url, path, answer)
}

/** What is wrong with which setting, where the manager tells them apart. */
function errorsOf(answer: Answer): { errors?: { setting: string; message: string }[] } {
  const { fields } = (answer.body ?? {}) as { fields?: { field: string; message: string }[] }
  if (!Array.isArray(fields)) return {}
  const errors = fields
    .filter(({ field }) => field.startsWith('settings.'))
    .map(({ field, message }) => ({ setting: field.slice('settings.'.length), message }))
  return { errors }
}

async function unknownJobType(
  name: string,
  fetchTypes: () => Promise<unknown>,
): Promise<PackError> {
  const types = await fetchTypes().then(
    (body) => (body as { job_types?: { name: string }[] }).job_types ?? [],
    () => [],
  )
  const names = types.map((type) => type.name).join(', ')
  return new PackError('JOB_TYPE_UNKNOWN', `The farm has no job type "${name}"`, {
    detail: { name },
    hint: names ? `It has ${names}.` : 'It has no job types at all.',
  })
}
