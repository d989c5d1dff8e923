import type { Digest } from '@shaman-farm/shaman/digest'
import type { Credentials } from '../credentials.ts'
import { CacheError } from './errors.ts'

/** A file that a job made, as the farm names it. */
export interface JobOutput extends Digest {
  path: string
  frame?: number
  task_id?: string
}

/** The manager's record of what a job made, for workers that cannot write it to the storage themselves. */
export interface JobOutputs {
  /** Files already known, as far as their bytes are in the store. */
  list(jobId: string, signal: AbortSignal): Promise<JobOutput[]>
  /** Tells of a file whose bytes are in the store already. */
  add(taskId: string, file: JobOutput, signal: AbortSignal): Promise<void>
}

export interface JobOutputsOptions {
  url: string
  credentials: Credentials
  timeoutMs?: number
}

export function createJobOutputs({
  url,
  credentials,
  timeoutMs = 30_000,
}: JobOutputsOptions): JobOutputs {
  const authorization = `Basic ${btoa(`${credentials.uuid}:${credentials.secret}`)}`
  const call = (path: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/api/v3/farm/${path}`, {
      ...init,
      headers: { authorization, 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
  return {
    async list(jobId, signal) {
      const response = await call(`jobs/${jobId}/outputs?stored=true`, signal)
      if (response.status === 404) return []
      if (!response.ok) throw refused('outputs not listed', response.status)
      const { files } = (await response.json()) as { files: Partial<JobOutput>[] }
      return files.filter((file): file is JobOutput => file.sha !== undefined)
    },
    async add(taskId, file, signal) {
      const body = JSON.stringify({ files: [file] })
      const path = `worker/task/${taskId}/outputs`
      const response = await call(path, signal, { method: 'POST', body })
      if (!response.ok) throw refused('output not taken', response.status)
    },
  }
}

function refused(what: string, status: number): CacheError {
  return new CacheError('STORE_REFUSED', `${what}: the manager answered with ${status}`, { status })
}
