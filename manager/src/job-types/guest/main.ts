// Runs inside the isolate, before and around a job type script. Nothing here may use Node: there is none.
import { createAuthor, plainTask, Task } from './author.ts'
import { frameChunker, frameCount } from './frames.ts'
import * as path from './path.ts'
import { plainValue } from './plain.ts'
import { createRequire, type LoadModule } from './require.ts'
import { formatMessage, formatTimestampLocal, shellSplit } from './text.ts'

declare const JOB_TYPE: unknown
declare const compileJob: unknown

export interface Host {
  script: string
  cwd: string
  platform: string
}

interface GuestJob {
  settings: unknown
  metadata: unknown
  tasks: Task[]
  [key: string]: unknown
}

const { stringify, parse } = JSON
const maxMessages = 500
let authored: Task[] = []

export function install(
  hostJson: string,
  takeUuids: () => string,
  load: LoadModule,
  tell: (level: string, text: string) => void,
): void {
  const host = parse(hostJson) as Host
  const author = createAuthor(uuidSource(takeUuids))
  const process = Object.freeze({ cwd: () => host.cwd, platform: host.platform })
  const paths = Object.freeze({ ...path })
  let messages = 0
  const speaker =
    (level: string) =>
    (...values: unknown[]): void => {
      messages += 1
      if (messages <= maxMessages) tell(level, formatMessage(values).slice(0, 4000))
    }
  const requireFrom = createRequire(load, { author, path: paths, process })
  Object.assign(globalThis, {
    print: speaker('info'),
    alert: speaker('warning'),
    console: {
      log: speaker('info'),
      info: speaker('info'),
      debug: speaker('info'),
      warn: speaker('warning'),
      error: speaker('warning'),
    },
    frameChunker,
    frameCount,
    formatTimestampLocal,
    shellSplit,
    author,
    path: paths,
    process,
    require: requireFrom(host.script),
  })
}

/** The script's JOB_TYPE as JSON, after a look at whether the script keeps its side of the contract. */
export function describe(): string {
  if (typeof JOB_TYPE !== 'object' || JOB_TYPE === null) {
    throw new TypeError('the script defines no JOB_TYPE object')
  }
  if (typeof compileJob !== 'function') {
    throw new TypeError('the script defines no function compileJob(job)')
  }
  return stringify(plainValue(JOB_TYPE, 'JOB_TYPE'))
}

/** Runs compileJob and answers how many tasks wait to be taken, with the job's settings and metadata. */
export function compile(jobJson: string): string {
  if (typeof compileJob !== 'function') throw new TypeError('compileJob is no function any more')
  const job = createJob(parse(jobJson) as Record<string, unknown>)
  const answer: unknown = withErrorsAsErrors(() => compileJob(job))
  if (answer instanceof Promise) {
    throw new TypeError('compileJob must not be async: its tasks are taken when it returns')
  }
  authored = Array.from(job.tasks)
  return stringify({
    settings: plainValue(job.settings, 'job.settings'),
    metadata: plainValue(job.metadata, 'job.metadata'),
    tasks: authored.length,
  })
}

/** The next tasks as a JSON array; they come in batches so that no side ever holds one huge text. */
export function takeTasks(first: number, count: number): string {
  return stringify(
    authored.slice(first, first + count).map((task) => {
      if (!(task instanceof Task)) throw new TypeError('job.tasks holds something that is no task')
      return plainTask(task)
    }),
  )
}

function createJob(facts: Record<string, unknown>): GuestJob {
  const tasks: Task[] = []
  const known = new Set<Task>()
  return {
    ...facts,
    created: new Date(facts.created as string),
    settings: facts.settings,
    metadata: facts.metadata,
    tasks,
    addTask(task: Task): void {
      if (!(task instanceof Task)) {
        throw new TypeError('addTask takes what author.Task() returned')
      }
      if (known.has(task)) throw new Error(`task "${task.name}" was added twice`)
      known.add(task)
      tasks.push(task)
    },
  }
}

/** A thrown object that is no Error would lose its text on the way out. */
function withErrorsAsErrors<T>(run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    if (typeof thrown !== 'object' || thrown === null || thrown instanceof Error) throw thrown
    throw new Error(formatMessage([thrown]))
  }
}

/** Ids come from the host a thousand at a time: there is no secure random source in here. */
function uuidSource(takeUuids: () => string): () => string {
  let stock: string[] = []
  return () => {
    if (stock.length === 0) stock = takeUuids().split(' ')
    return stock.pop()!
  }
}
