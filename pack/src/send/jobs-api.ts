import { Agent, request } from 'undici'
import { PackError } from '../errors.ts'
import type { HashedFile } from './hash-files.ts'
import {
  type Answer,
  jobRefusal,
  refusal,
  unknownJobType,
  unreachable,
} from './manager-problems.ts'

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
