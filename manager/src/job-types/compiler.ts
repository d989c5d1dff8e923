import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { giveWay, ownSession, sacrificeFirst } from '../expendable.ts'
import { readTask } from './authored.ts'
import { JobTypeError } from './errors.ts'
import { type CompilerLimits, patience } from './limits.ts'
import type {
  AuthoredTask,
  FromChild,
  ScriptFailure,
  ScriptFiles,
  ScriptJob,
  ScriptMessage,
  ToChild,
} from './messages.ts'

export interface Compiler {
  describe(script: string): Promise<CompilerAnswer>
  /** Each batch of tasks goes to `take` as it comes: a large job is never held as a whole here. */
  compile(script: string, job: ScriptJob, take: TakeTasks): Promise<CompilerAnswer>
  /** The files of every later request. */
  setFiles(version: string, files: ScriptFiles): void
  close(): Promise<void>
}

/** What it throws fails the request. */
export type TakeTasks = (tasks: AuthoredTask[]) => void

export interface CompilerAnswer {
  value: unknown
  messages: ScriptMessage[]
}

export interface CompilerOptions {
  limits: CompilerLimits
  log: Logger
}

interface Child {
  process: ChildProcess
  filesVersion: string | undefined
  listener: ChildListener | undefined
}

interface ChildListener {
  message(message: FromChild): void
  ended(how: string): void
}

type Request =
  | { kind: 'describe'; script: string }
  | { kind: 'compile'; script: string; job: ScriptJob; take: TakeTasks }

// A child that grew this large is replaced after its answer, so that one big job doesn't hold memory for ever.
const recycleAtMib = 256
// Starting Node takes about 0.2 s; the rest is for a machine with other things to do.
const startGraceMs = 20_000

/**
 * Runs scripts in one child process, one request at a time. Whatever goes wrong in there is that request's failure:
 * the child is killed and the next request gets a new one.
 */
export function createCompiler({ limits, log }: CompilerOptions): Compiler {
  let child: Child | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let queued = 0
  let lastId = 0
  let closed = false
  let files: { version: string; files: ScriptFiles } = { version: '', files: {} }

  return {
    describe: (script) => enqueue({ kind: 'describe', script }),
    compile: (script, job, take) => enqueue({ kind: 'compile', script, job, take }),
    setFiles: (version, next) => {
      files = { version, files: next }
    },
    async close() {
      closed = true
      const last = child?.process
      stop('closed')
      await queue
      if (last && last.exitCode === null && last.signalCode === null) await once(last, 'exit')
    },
  }

  function enqueue(request: Request): Promise<CompilerAnswer> {
    if (queued >= limits.maxQueued) {
      return Promise.reject(
        new JobTypeError('JOB_COMPILER_BUSY', `${queued} job type requests are waiting already`, {
          hint: 'Try again in a few seconds.',
        }),
      )
    }
    queued += 1
    const answer = queue.then(() => run(request)).finally(() => (queued -= 1))
    queue = answer.catch(() => undefined)
    return answer
  }

  function run(request: Request): Promise<CompilerAnswer> {
    if (closed) return Promise.reject(new JobTypeError('JOB_COMPILER_CLOSED', 'shutting down'))
    const current = child ?? start()
    lastId += 1
    const id = lastId
    const allowedMs = request.kind === 'describe' ? limits.describeMs : limits.compileMs
    return new Promise((resolve, reject) => {
      // Armed anew by every sign of life: taking the tasks over may take longer than making them.
      const backstop = setTimeout(
        () => stop('no answer in time'),
        allowedMs * patience + startGraceMs,
      )
      const settle = (end: () => void): void => {
        clearTimeout(backstop)
        current.listener = undefined
        end()
      }
      const pass = (tasks: AuthoredTask[]): void => {
        if (request.kind !== 'compile') throw new TypeError('a description came with tasks')
        try {
          request.take(tasks)
        } catch (error) {
          settle(() => reject(error))
          stop('its tasks were not taken')
        }
      }
      current.listener = {
        ended: (how) => settle(() => reject(crashed(request.script, how))),
        message: (message) => {
          if (message.kind === 'ready' || message.id !== id) return
          if (message.kind === 'tasks') {
            backstop.refresh()
            pass(message.tasks.map(readTask))
            // On another turn, so that the child never has one turn of ours take all that it can make.
            setImmediate(tell, current, { kind: 'taken', id })
          } else if (message.kind === 'failed') {
            settle(() => reject(failed(message.failure, message.messages)))
            if (message.failure.code.endsWith('_LIMIT')) stop('a script reached a limit')
          } else {
            settle(() => resolve({ value: message.value, messages: message.messages }))
            if (message.residentMib > recycleAtMib) stop('grown large')
          }
        },
      }
      if (current.filesVersion !== files.version) {
        current.filesVersion = files.version
        tell(current, { kind: 'files', ...files })
      }
      tell(current, messageFor(request, id, limits))
    })
  }

  function start(): Child {
    const started: Child = { process: spawn(), filesVersion: undefined, listener: undefined }
    child = started
    let stderr = ''
    started.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000)
    })
    started.process.on('message', (message) => {
      try {
        started.listener?.message(message as FromChild)
      } catch (error) {
        log.error({ err: error }, 'job compiler sent nonsense')
        drop(started, 'it sent what it should not')
      }
    })
    started.process.on('error', (error) => drop(started, error.message))
    started.process.on('exit', (code, signal) => {
      if (child === started) log.warn({ code, signal, stderr }, 'job compiler ended')
      drop(started, signal ?? `exit code ${code}`)
    })
    return started
  }

  function stop(reason: string): void {
    if (!child) return
    log.debug({ reason }, 'job compiler stopped')
    drop(child, reason)
  }

  function drop(dropped: Child, how: string): void {
    if (child === dropped) child = undefined
    dropped.process.kill('SIGKILL')
    dropped.listener?.ended(how)
  }
}

function spawn(): ChildProcess {
  const child = fork(fileURLToPath(new URL('./compiler-child.ts', import.meta.url)), [], {
    // isolated-vm needs a Node without snapshot. Read-only and without child processes: should a script ever break
    // out of its isolate, it finds itself in a process that can do nothing.
    execArgv: [
      '--no-node-snapshot',
      '--permission',
      '--allow-addons',
      '--allow-fs-read=*',
      '--disable-warning=ExperimentalWarning',
      '--disable-warning=SecurityWarning',
    ],
    // No secrets, but the time zone: scripts write local times into file names.
    env: pick(process.env, ['TZ', 'SystemRoot']),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'json',
    detached: ownSession,
  })
  giveWay(child)
  void sacrificeFirst(child)
  return child
}

function tell({ process: child }: Child, message: ToChild): void {
  // A failed send means a dead child, whose exit event settles the request.
  child.send(message, () => undefined)
}

function messageFor(request: Request, id: number, limits: CompilerLimits): ToChild {
  const { script } = request
  return request.kind === 'describe'
    ? { kind: 'describe', id, script, limits }
    : { kind: 'compile', id, script, limits, job: request.job }
}

function crashed(script: string, how: string): JobTypeError {
  return new JobTypeError('JOB_COMPILER_CRASHED', `${script}: the job compiler ended (${how})`, {
    detail: { script, how },
    hint: 'Check the script for endless loops and huge data; see the manager’s log.',
  })
}

function failed({ code, message, ...place }: ScriptFailure, messages: ScriptMessage[]): Error {
  return new JobTypeError(code, message, { detail: { ...place, messages } })
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}
