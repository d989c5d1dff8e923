import { type Accessor, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js'
import { call } from './api.ts'
import type { TaskLog } from './log.ts'
import { type LogLine, stripAnsi } from './log-buffer.ts'
import type { LogMatches } from './wire.ts'

const mostMatches = 1000
const quietMs = 250

export interface LogFind {
  text: Accessor<string>
  setText(text: string): void
  isPattern: Accessor<boolean>
  setIsPattern(on: boolean): void
  /** The lines that match, in their order. */
  matches: Accessor<readonly Match[]>
  /** Only the loaded part was looked through. */
  isPartial: Accessor<boolean>
  /** More than are told. */
  isTruncated: Accessor<boolean>
  /** The match that is shown, as its place in `matches`; -1 for none yet. */
  at: Accessor<number>
  /** Goes by so many matches, around the ends; answers where to. */
  step(by: number): Match | undefined
}

export interface Match {
  /** Where the line begins, in bytes. */
  offset: number
  /** Its number, where the manager counted. */
  line?: number
}

/** Finds in a log: in what is loaded, and in all of it by the manager when that is more. */
export function createLogFind(
  taskId: () => string,
  log: TaskLog,
  lines: Accessor<readonly LogLine[]>,
): LogFind {
  const [text, setText] = createSignal('')
  const [isPattern, setIsPattern] = createSignal(false)
  const [at, setAt] = createSignal(-1)
  const [told, setTold] = createSignal<LogMatches>()
  const isWhole = () => log.buffer().start === 0 && log.buffer().end >= log.buffer().size
  const asksManager = () => text() !== '' && !isPattern() && !isWhole()
  const local = createMemo(() => {
    const test = testOf(text(), isPattern())
    return test
      ? lines().flatMap((line) => (test(stripAnsi(line.text)) ? { offset: line.offset } : []))
      : []
  })
  createEffect(
    on([taskId, text, isPattern], () => {
      setAt(-1)
      setTold(undefined)
      if (!asksManager()) return
      const stopper = new AbortController()
      const timer = setTimeout(() => void ask(stopper.signal), quietMs)
      onCleanup(() => {
        clearTimeout(timer)
        stopper.abort()
      })
    }),
  )
  const matches = createMemo<readonly Match[]>(() => told()?.matches ?? local())
  return {
    text,
    setText,
    isPattern,
    setIsPattern,
    matches,
    isPartial: () => text() !== '' && !isWhole() && told() === undefined,
    isTruncated: () => told()?.truncated ?? false,
    at,
    step(by) {
      const count = matches().length
      if (count === 0) return undefined
      const next = at() < 0 && by < 0 ? count - 1 : (at() + by + count) % count
      setAt(next)
      return matches()[next]
    },
  }

  async function ask(signal: AbortSignal): Promise<void> {
    const found = await call<LogMatches>(`/farm/tasks/${taskId()}/log/search`, {
      query: { q: text(), limit: mostMatches },
      signal,
      timeoutMs: 60_000,
    }).catch(() => undefined)
    if (!signal.aborted) setTold(found)
  }
}

/** What a line must hold; undefined where nothing is sought, or a pattern is not one yet. */
export function testOf(text: string, isPattern: boolean): ((line: string) => boolean) | undefined {
  if (text === '') return undefined
  if (!isPattern) {
    const wanted = text.toLowerCase()
    return (line) => line.toLowerCase().includes(wanted)
  }
  try {
    const pattern = new RegExp(text, 'i')
    return (line) => pattern.test(line)
  } catch {
    return undefined
  }
}
