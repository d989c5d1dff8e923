import {
  type Accessor,
  createEffect,
  createMemo,
  createSignal,
  on,
  onCleanup,
  untrack,
} from 'solid-js'
import { type ApiError, asApiError, isAborted, request } from './api.ts'
import { useFarm } from './farm.tsx'
import { append, bufferOf, emptyLog, keepNewest, type LogBuffer, prepend } from './log-buffer.ts'

export interface TaskLog {
  buffer: Accessor<LogBuffer>
  loading: Accessor<boolean>
  error: Accessor<ApiError | undefined>
  reload(): void
  /** Reads the range before what is there. */
  loadEarlier(): Promise<void>
  /** Number of the first line that is loaded, counted from 1; undefined where nobody counted. */
  firstLine: Accessor<number | undefined>
  /** Reads the range around a line, by its byte offset and its number if known, dropping what is there. */
  jumpTo(offset: number, line?: number): Promise<void>
  /** Reads the end, where another part is loaded. */
  toEnd(): Promise<void>
  /** Where a line begins, counted from 1; undefined when the log has fewer. */
  offsetOfLine(number: number): Promise<number | undefined>
  /** Keeps memory bounded while a log is followed. */
  forgetBeginning(): void
}

const chunk = 262_144
const mostLines = 20_000
// What the manager gives at once.
const largestRange = 4_194_304

/** A task's log, its end first, growing as the worker writes. */
export function createTaskLog(taskId: () => string | undefined, tail = chunk): TaskLog {
  const farm = useFarm()
  const [buffer, setBuffer] = createSignal<LogBuffer>(emptyLog)
  /** A line somebody counted; the numbers of all others follow from it. */
  const [counted, setCounted] = createSignal<{ offset: number; line: number }>()
  const firstLine = createMemo(() => {
    const { lines, start } = buffer()
    if (start === 0) return 1
    const known = counted()
    const at = known ? lines.findIndex((one) => one.offset === known.offset) : -1
    return known && at >= 0 ? known.line - at : undefined
  })
  const [loading, setLoading] = createSignal(true)
  const [error, setError] = createSignal<ApiError>()
  let running: AbortController | undefined
  let detached = false

  farm.useTopic(() => (taskId() === undefined ? undefined : `tasklog:${taskId()}`))
  farm.on('reset', () => !detached && void readTail())
  farm.on('tasklog', (event) => {
    if (event.task_id !== taskId() || detached) return
    const next = append(untrack(buffer), event.log, event.offset)
    if (next) setBuffer(next)
    else void readTail()
  })
  createEffect(
    on(taskId, () => {
      setBuffer(emptyLog)
      setCounted(undefined)
      setLoading(true)
      void readTail()
    }),
  )
  onCleanup(() => running?.abort())

  return {
    buffer,
    firstLine,
    loading,
    error,
    reload: () => void readTail(),
    loadEarlier,
    jumpTo,
    toEnd: async () => void (detached && (await readTail())),
    offsetOfLine,
    forgetBeginning: () => {
      const before = untrack(buffer)
      const kept = keepNewest(before, mostLines)
      if (kept === before) return
      const first = untrack(firstLine)
      const line = (first ?? 0) + before.lines.length - kept.lines.length
      if (first !== undefined) setCounted({ offset: kept.start, line })
      setBuffer(kept)
    },
  }

  async function offsetOfLine(number: number): Promise<number | undefined> {
    let before = 1
    let offset = 0
    while (before < number) {
      const range = await read({ offset, limit: largestRange })
      if (!range || range.bytes.length === 0) return undefined
      for (let at = range.bytes.indexOf(10); at >= 0; at = range.bytes.indexOf(10, at + 1)) {
        before += 1
        if (before === number) return offset + at + 1
      }
      offset += range.bytes.length
    }
    return 0
  }

  async function readTail(): Promise<void> {
    detached = false
    const range = await read({ tail })
    if (range) setBuffer(bufferOf(range.bytes, range.offset, range.size))
  }

  async function loadEarlier(): Promise<void> {
    const { start } = untrack(buffer)
    if (start === 0) return
    const offset = Math.max(0, start - chunk)
    const range = await read({ offset, limit: start - offset })
    if (range && untrack(buffer).start === start)
      setBuffer(prepend(untrack(buffer), range.bytes, range.offset))
  }

  async function jumpTo(offset: number, line?: number): Promise<void> {
    if (line !== undefined) setCounted({ offset, line })
    const { start, end } = untrack(buffer)
    if (offset >= start && offset < end) return
    const range = await read({ offset: Math.max(0, offset - chunk / 2), limit: chunk })
    if (!range) return
    // From here on new text has no place to go: the end is elsewhere.
    detached = range.offset + range.bytes.length < range.size
    setBuffer(bufferOf(range.bytes, range.offset, range.size))
  }

  async function read(query: Record<string, number>) {
    const id = taskId()
    if (id === undefined) return undefined
    running?.abort()
    const mine = new AbortController()
    running = mine
    try {
      const response = await request(`/farm/tasks/${id}/log`, { query, signal: mine.signal })
      const bytes = new Uint8Array(await response.arrayBuffer())
      setError(undefined)
      const size = Number(response.headers.get('x-farm-log-size') ?? bytes.length)
      const offset = Number(response.headers.get('x-farm-log-offset') ?? size - bytes.length)
      return { bytes, offset, size }
    } catch (cause) {
      if (!mine.signal.aborted && !isAborted(cause)) setError(asApiError(cause))
      return undefined
    } finally {
      if (running === mine) setLoading(false)
    }
  }
}
