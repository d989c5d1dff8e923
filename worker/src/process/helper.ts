import { type ChildProcess, fork } from 'node:child_process'

/** What goes to a helper process: a question, or the end of the interest in one. */
export type HelperRequest = { id: number; question: unknown } | { id: number; abort: true }

/** What comes back: any number of notes, then a value or an error. */
export type HelperReply =
  | { id: number; note: unknown }
  | { id: number; value: unknown }
  | { id: number; error: { message: string; code?: string; status?: number } }

export interface AskOptions {
  signal?: AbortSignal
  onNote?: (note: never) => void
  /** A question that takes longer costs the process its life. */
  limitMs?: number
}

/** A process beside the worker that does heavy work: its memory and its crashes are not the worker's. */
export interface Helper {
  ask(question: unknown, options?: AskOptions): Promise<unknown>
}

const idleMs = 20_000

interface Running {
  child: ChildProcess
  waiting: Map<number, Waiting>
  idle: NodeJS.Timeout | undefined
}

interface Waiting extends PromiseWithResolvers<unknown> {
  onNote: ((note: never) => void) | undefined
}

export interface HelperOptions {
  /** Room for young objects: less is less memory, more is less work to collect what is soon forgotten. */
  youngMib?: number
}

/** Started when first asked; ends when nothing is asked for a while, or when the worker ends. */
export function createHelper(file: string, { youngMib = 1 }: HelperOptions = {}): Helper {
  let running: Running | undefined
  let lastId = 0

  function start(): Running {
    const child = fork(file, {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', `--max-semi-space-size=${youngMib}`],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const started: Running = { child, waiting: new Map(), idle: undefined }
    child.on('message', (reply: HelperReply) => {
      const waiting = started.waiting.get(reply.id)
      if ('note' in reply) waiting?.onNote?.(reply.note as never)
      else if ('error' in reply) {
        waiting?.reject(Object.assign(new Error(reply.error.message), reply.error))
      } else waiting?.resolve(reply.value)
    })
    const gone = (): void => {
      if (running === started) running = undefined
      for (const waiting of started.waiting.values()) waiting.reject(helperGone())
    }
    child.once('exit', gone)
    child.once('error', gone)
    return started
  }

  /** Nobody waits for a helper that has nothing to do. */
  function rest(resting: Running): void {
    resting.child.unref()
    resting.child.channel?.unref()
    resting.idle = setTimeout(() => {
      if (running === resting) running = undefined
      if (resting.child.connected) resting.child.disconnect()
    }, idleMs).unref()
  }

  return {
    async ask(question, { signal, onNote, limitMs } = {}) {
      signal?.throwIfAborted()
      running ??= start()
      const asked = running
      const { child, waiting } = asked
      const id = ++lastId
      const answer = { ...Promise.withResolvers<unknown>(), onNote }
      waiting.set(id, answer)
      clearTimeout(asked.idle)
      child.ref()
      child.channel?.ref()
      const send = (request: HelperRequest): void => {
        child.send(request, (error) => {
          if (error) answer.reject(helperGone(error))
        })
      }
      const abort = (): void => send({ id, abort: true })
      signal?.addEventListener('abort', abort, { once: true })
      const tooSlow =
        limitMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMs)
      send({ id, question })
      try {
        return await answer.promise
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      } finally {
        clearTimeout(tooSlow)
        signal?.removeEventListener('abort', abort)
        waiting.delete(id)
        if (waiting.size === 0) rest(asked)
      }
    },
  }
}

function helperGone(cause?: unknown): Error {
  const error = new Error('a process of the worker ended in the middle of its work', { cause })
  return Object.assign(error, { code: 'HELPER_GONE' })
}

export function isHelperGone(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'HELPER_GONE'
}
