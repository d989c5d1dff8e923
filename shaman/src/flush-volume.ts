import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createSharedRuns } from './shared-runs.ts'

/** Makes all of one or more volumes durable: syncfs(2), which Node does not offer, through coreutils' `sync -f`. */
export interface VolumeFlusher {
  /**
   * Resolves when all that had been written to the volumes by the time of the call is durable. Rejects with the code
   * `ENOSYS` where there is no such command, and with its own words when one cannot be flushed.
   */
  flush(): Promise<void>
  /** Ends the helper; from then on flushes are refused. A process that forgets it is not kept from ending. */
  close(): void
}

interface Helper {
  child: ChildProcess
  answer: PromiseWithResolvers<string> | undefined
}

const timeoutMs = 120_000

// One shell for the life of the server, which forks itself for each flush: forking the server, with all of its memory to be mapped
// again, took a tenth of its time while small files came in. It ends with its standard input, so also with a killed server.
const script =
  'while read -r _; do if said=$(sync -f "$@" 2>&1); then echo done; else echo "failed $?" $said; fi; done'

/** A flusher of the volumes that hold these directories. */
export function createVolumeFlusher(...directories: string[]): VolumeFlusher {
  let helper: Helper | undefined
  let closed = false
  return { flush: createSharedRuns(ask), close }

  function close(): void {
    closed = true
    if (helper) end(helper)
  }

  async function ask(): Promise<void> {
    if (closed) throw new Error('the store is closed: nothing more can be made durable')
    helper ??= start()
    const asked = helper
    const answer = Promise.withResolvers<string>()
    asked.answer = answer
    // It also keeps the process from ending before there is an answer.
    const timer = setTimeout(() => {
      answer.reject(new Error(`the volume was not flushed within ${timeoutMs / 1000} s`))
      end(asked)
    }, timeoutMs)
    asked.child.stdin?.write('flush\n')
    try {
      const words = await answer.promise
      if (words !== 'done') throw problemOf(words)
    } finally {
      clearTimeout(timer)
    }
  }

  function start(): Helper {
    // In a session of its own: Ctrl-C is for the server, which may have something to flush before it stops.
    const child = spawn('sh', ['-c', script, 'flush', ...directories], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const started: Helper = { child, answer: undefined }
    const fail = (error: Error): void => {
      if (helper === started) helper = undefined
      started.answer?.reject(error)
    }
    child.once('error', (cause) => fail(unsupported('sh cannot be started', cause)))
    child.once('exit', (code, signal) =>
      fail(new Error(`the helper that flushes the volume ended with ${signal ?? code}`)),
    )
    child.stdin.on('error', fail)
    for (const held of [child, child.stdin as Socket, child.stdout as Socket]) held.unref()
    createInterface({ input: child.stdout }).on('line', (line) => started.answer?.resolve(line))
    return started
  }

  function end(ending: Helper): void {
    if (helper === ending) helper = undefined
    ending.child.stdin?.end()
  }
}

/** A `sync` without `-f` (BusyBox before 1.35) tells so by its usage text, a missing one by the shell's 127. */
function problemOf(words: string): Error {
  const isMissing = /^failed 127 |invalid option|unrecognized option|usage/i.test(words)
  return isMissing ? unsupported(words) : new Error(`the volume cannot be flushed: ${words}`)
}

function unsupported(reason: string, cause?: unknown): Error {
  return Object.assign(new Error(reason, { cause }), { code: 'ENOSYS' })
}
