import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { Logger } from 'pino'

/** The environment variable that marks every process a worker starts, and all their descendants. */
export const markerName = 'SHAMAN_FARM_COMMAND'

/** A small process beside the worker that ends its commands when the worker itself is killed. */
export interface Guard {
  /** The environment of the next command; no two commands have the same. */
  nextMarker(): string
  watch(pid: number): void
  release(pid: number): void
  close(): Promise<void>
}

export interface GuardOptions {
  log: Logger
  graceMs?: number
}

interface Launched {
  input: Writable
  ended: Promise<unknown>
  hold(): void
}

export function startGuard({ log, graceMs = 5_000 }: GuardOptions): Guard {
  const prefix = `${randomUUID()}.`
  const watched = new Set<number>()
  let count = 0
  let closed = false
  let current = launch()

  function launch(): Launched {
    const [exe, ...args] = guardCommand(`${markerName}=${prefix}`, graceMs)
    // Its own session: a Ctrl-C in the worker's terminal must not take the guard away first.
    const child = execa(exe!, args, {
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'ignore',
      windowsHide: true,
    })
    const input = child.stdin
    input.on('error', () => {})
    for (const pid of watched) input.write(`add ${pid}\n`)
    const ended = child.then(() => {
      if (closed) return
      log.warn('process guard ended, starting another')
      setTimeout(() => {
        if (!closed) current = launch()
      }, 200).unref()
    })
    child.nodeChildProcess.unref()
    ;(input as Writable & { unref?: () => void }).unref?.()
    // Nobody waits for the guard while it guards; its end is waited for.
    return { input, ended, hold: () => child.nodeChildProcess.ref() }
  }

  return {
    nextMarker: () => `${prefix}${++count}`,
    watch(pid) {
      watched.add(pid)
      current.input.write(`add ${pid}\n`)
    },
    release(pid) {
      watched.delete(pid)
      current.input.write(`del ${pid}\n`)
    },
    async close() {
      closed = true
      current.hold()
      current.input.end('quit\n')
      await current.ended
    },
  }
}

function guardCommand(marker: string, graceMs: number): string[] {
  const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  if (process.platform === 'win32') return [process.execPath, file('./guard-windows.ts')]
  return ['/bin/sh', file('./guard.sh'), marker, String(Math.ceil(graceMs / 100))]
}
