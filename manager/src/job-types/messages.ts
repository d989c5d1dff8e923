import type { JobTypeErrorCode } from './errors.ts'
import type { CompilerLimits } from './limits.ts'

/** What a script wrote with print, alert or console. */
export interface ScriptMessage {
  level: 'info' | 'warning'
  text: string
}

export interface AuthoredCommand {
  name: string
  parameters: Record<string, unknown>
  total_step_count: number
}

export interface AuthoredTask {
  uuid: string
  name: string
  type: string
  priority: number
  commands: AuthoredCommand[]
  /** Uuids of tasks of the same job. */
  dependencies: string[]
  /** The frames the task makes, as `1-3,7`. */
  frames?: string
}

export interface AuthoredJob {
  settings: Record<string, unknown>
  metadata: Record<string, string>
  tasks: AuthoredTask[]
  messages: ScriptMessage[]
}

/** The facts of a job a script sees; the names are the script API's. */
export interface ScriptJob {
  jobID: string
  workerTagUUID: string
  name: string
  jobType: string
  priority: number
  status: 'under-construction'
  /** ISO 8601. */
  created: string
  settings: Record<string, unknown>
  metadata: Record<string, string>
  storage: { shamanCheckoutID: string }
}

/** Paths in the scripts folder → their text. */
export type ScriptFiles = Record<string, string>

export type ToChild =
  | { kind: 'files'; version: string; files: ScriptFiles }
  | { kind: 'describe'; id: number; script: string; limits: CompilerLimits }
  | { kind: 'compile'; id: number; script: string; limits: CompilerLimits; job: ScriptJob }
  /** One message of tasks has been dealt with. */
  | { kind: 'taken'; id: number }

export type FromChild =
  | { kind: 'ready' }
  | { kind: 'tasks'; id: number; tasks: unknown[] }
  | { kind: 'failed'; id: number; failure: ScriptFailure; messages: ScriptMessage[] }
  | { kind: 'done'; id: number; value: unknown; messages: ScriptMessage[]; residentMib: number }

export interface ScriptFailure {
  code: JobTypeErrorCode
  message: string
  script: string
  line?: number
  column?: number
}
