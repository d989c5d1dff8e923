import type { AvailableJobType, SubmittedJob } from '@shaman-farm/manager-api/schemas'
import type { Logger } from 'pino'
import { createCompiler, type TakeTasks } from './compiler.ts'
import { isPassing, JobTypeError } from './errors.ts'
import { createInterner } from './intern.ts'
import { assertIsolates } from './isolates.ts'
import { readJobType } from './job-type.ts'
import { type CompilerLimits, defaultLimits } from './limits.ts'
import type { AuthoredJob, AuthoredTask, ScriptJob, ScriptMessage } from './messages.ts'
import { createScriptReader, type ScriptFolder } from './script-files.ts'
import { validateSettings } from './settings.ts'

export { JobTypeError, type JobTypeErrorCode } from './errors.ts'
export { formatFrames, frameCount, parseFrames } from './guest/frames.ts'
export { type CompilerLimits, defaultLimits } from './limits.ts'
export type { AuthoredCommand, AuthoredJob, AuthoredTask, ScriptMessage } from './messages.ts'
export { type CheckedSettings, type SettingProblem, validateSettings } from './settings.ts'

export interface JobTypes {
  /** Sorted by name; broken scripts are logged and left out. */
  list(): Promise<AvailableJobType[]>
  /** Throws JOB_TYPE_UNKNOWN, or what is wrong with the script. */
  get(name: string): Promise<AvailableJobType>
  /** Every script, broken ones with what is wrong with them. */
  check(): Promise<CheckedScript[]>
  /** Checks the settings, then runs the type's script. Nothing is stored, so it serves as a dry run too. */
  compile(job: SubmittedJob, options: CompileOptions): Promise<AuthoredJob>
  close(): Promise<void>
}

type JobValues = Pick<AuthoredJob, 'settings' | 'metadata'>

export interface CompileOptions {
  jobId: string
  created: Date
  /** Takes the tasks as they come; the answer has none then. What it throws fails the compilation. */
  take?: TakeTasks
}

export type CheckedScript = { name: string; script: string } & (
  | { jobType: AvailableJobType; error?: undefined }
  | { jobType?: undefined; error: unknown }
)

export interface JobTypesOptions {
  /** A folder whose scripts come before built-in ones of the same name. */
  scriptsDir?: string | undefined
  log: Logger
  limits?: Partial<CompilerLimits>
}

// A script that ran out of time costs seconds to look at again, and every list of the job types would.
const slowRetryMs = 60_000

/**
 * Opens the job types: scripts that turn a submitted job into tasks, run in a child process within limits.
 * @throws JobTypeError JOB_COMPILER_UNSUPPORTED where scripts cannot be run at all
 */
export function openJobTypes(options: JobTypesOptions): JobTypes {
  assertIsolates()
  const { log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const readScripts = createScriptReader({ scriptsDir: options.scriptsDir, log })
  const compiler = createCompiler({ limits, log })
  let described: { version: string; scripts: Map<string, Promise<AvailableJobType>> } | undefined

  return {
    async list() {
      const scripts = await checkAll()
      return scripts.flatMap(({ jobType }) => jobType ?? [])
    },
    check: checkAll,
    async get(name) {
      const folder = await readFolder()
      return describe(folder, name, scriptOf(folder, name))
    },
    compile: compileJob,
    close: () => compiler.close(),
  }

  async function checkAll(): Promise<CheckedScript[]> {
    const folder = await readFolder()
    const names = [...folder.jobTypes.keys()].sort()
    return Promise.all(names.map((name) => checkScript(folder, name, scriptOf(folder, name))))
  }

  async function checkScript(
    folder: ScriptFolder,
    name: string,
    script: string,
  ): Promise<CheckedScript> {
    try {
      return { name, script, jobType: await describe(folder, name, script) }
    } catch (error) {
      return { name, script, error }
    }
  }

  async function compileJob(
    job: SubmittedJob,
    { jobId, created, take }: CompileOptions,
  ): Promise<AuthoredJob> {
    const folder = await readFolder()
    const script = scriptOf(folder, job.type)
    const jobType = await describe(folder, job.type, script)
    checkEtag(job, jobType)
    const { settings, problems } = validateSettings(jobType, job.settings ?? {})
    if (problems.length > 0) {
      throw new JobTypeError(
        'JOB_SETTINGS_INVALID',
        problems.map(({ message }) => message).join('; '),
        { detail: { problems } },
      )
    }
    const collected = collectTasks()
    const scriptJob: ScriptJob = {
      jobID: jobId,
      workerTagUUID: job.worker_tag ?? '',
      name: job.name,
      jobType: job.type,
      priority: job.priority,
      status: 'under-construction',
      created: created.toISOString(),
      settings,
      metadata: job.metadata ?? {},
      storage: { shamanCheckoutID: job.storage?.shaman_checkout_id ?? '' },
    }
    const answer = await compiler.compile(script, scriptJob, take ?? collected.take)
    logMessages(script, answer.messages)
    return {
      ...(answer.value as JobValues),
      tasks: collected.tasks,
      messages: answer.messages,
    }
  }

  async function readFolder(): Promise<ScriptFolder> {
    const folder = await readScripts()
    compiler.setFiles(folder.version, folder.files)
    return folder
  }

  /** Helpers may be shared, so any change in the folder means to look at every script again. */
  function describe(folder: ScriptFolder, name: string, script: string): Promise<AvailableJobType> {
    if (described?.version !== folder.version) {
      described = { version: folder.version, scripts: new Map() }
    }
    const { scripts } = described
    const known = scripts.get(script)
    if (known) return known
    const asked = describeNow(name, script)
    scripts.set(script, asked)
    asked.catch((error: unknown) => {
      if (isPassing(error)) setTimeout(() => scripts.delete(script), retryAfterMs(error)).unref()
    })
    return asked
  }

  async function describeNow(name: string, script: string): Promise<AvailableJobType> {
    try {
      const { value, messages } = await compiler.describe(script)
      logMessages(script, messages)
      return readJobType(name, value)
    } catch (error) {
      const problem = error instanceof JobTypeError ? error : broken(script, error)
      log.warn({ script, code: problem.code, problem: problem.message }, 'job type not usable')
      throw problem
    }
  }

  function logMessages(script: string, messages: readonly ScriptMessage[]): void {
    for (const { level, text } of messages) {
      log[level === 'warning' ? 'warn' : 'info']({ script, text }, 'job type script says')
    }
  }
}

/** Equal texts are held once: see {@link createInterner}. */
function collectTasks(): { tasks: AuthoredTask[]; take: TakeTasks } {
  const tasks: AuthoredTask[] = []
  const intern = createInterner()
  return {
    tasks,
    take(batch) {
      for (const task of batch) {
        for (const command of task.commands) intern(command.parameters)
        tasks.push(task)
      }
    },
  }
}

function scriptOf({ jobTypes }: ScriptFolder, name: string): string {
  const script = jobTypes.get(name)
  if (script !== undefined) return script
  throw new JobTypeError('JOB_TYPE_UNKNOWN', `There is no job type "${name}"`, {
    detail: { name, known: [...jobTypes.keys()].sort() },
    hint: `Known are: ${[...jobTypes.keys()].sort().join(', ')}.`,
  })
}

function checkEtag(job: SubmittedJob, jobType: AvailableJobType): void {
  if (!job.type_etag || job.type_etag === jobType.etag) return
  throw new JobTypeError('JOB_TYPE_CHANGED', `The job type "${job.type}" has changed`, {
    detail: { etag: jobType.etag },
    hint: 'Refresh the job types and submit again.',
  })
}

function broken(script: string, cause: unknown): JobTypeError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return new JobTypeError('JOB_SCRIPT_BROKEN', `${script}: ${text}`, { detail: { script }, cause })
}

function retryAfterMs(error: unknown): number {
  const { code } = error as { code?: string }
  return code === 'JOB_SCRIPT_TIME_LIMIT' || code === 'JOB_COMPILER_CRASHED' ? slowRetryMs : 0
}
