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
import {
  append,
  appendBytes,
  bufferOf,
  emptyLog,
  keepNewest,
  keepOldest,
  type LogBuffer,
  prepend,
  wholeLines,
} from './log-buffer.ts'

export interface TaskLog {
  buffer: Accessor<LogBuffer>
  loading: Accessor<boolean>
  error: Accessor<ApiError | undefined>
  reload(): void
  /** Reads the range before what is there. */
  loadEarlier(): Promise<void>
  /** Reads the range after what is there, where that is not the end. */
  loadLater(): Promise<void>
  /** The end of the log lies elsewhere: nothing that is written now is added. */
  isDetached: Accessor<boolean>
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

/** A task's log, its end first, growing as the worker writes: a window of at most so many lines. */
export function createTaskLog(taskId: () => string | undefined): TaskLog {
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
  const [isDetached, setIsDetached] = createSignal(false)
  let running: AbortController | undefined

  farm.useTopic(() => (taskId() === undefined ? undefined : `tasklog:${taskId()}`))
  farm.on('reset', () => !isDetached() && void readTail())
  farm.on('tasklog', (event) => {
    if (event.task_id !== taskId() || isDetached()) return
    const next = append(untrack(buffer), event.log, event.offset)
    if (next) setBuffer(next)
    else if (event.offset! - untrack(buffer).end <= chunk) void loadLater()
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
    isDetached,
    loading,
    error,
    reload: () => void readTail(),
    loadEarlier,
    loadLater,
    jumpTo,
    toEnd: async () => void (isDetached() && (await readTail())),
    async offsetOfLine(number) {
      // Whoever asks goes there: what the farm tells meanwhile must not read the end.
      setIsDetached(true)
      const range = await read({ line: number, limit: 1 })
      return range && range.offset < range.size ? range.offset : undefined
    },
    forgetBeginning: () => forgetBeginning(untrack(buffer)),
  }

  function forgetBeginning(before: LogBuffer): void {
    const kept = keepNewest(before, mostLines)
    countFrom(before, kept)
    setBuffer(kept)
  }

  /** Keeps the numbers of lines where the one that was counted is dropped. */
  function countFrom(before: LogBuffer, kept: LogBuffer): void {
    const first = untrack(firstLine)
    if (kept === before || first === undefined) return
    const at = before.lines.findIndex((one) => one.offset === kept.start)
    if (at >= 0) setCounted({ offset: kept.start, line: first + at })
  }

  async function readTail(): Promise<void> {
    setIsDetached(false)
    const range = await read({ tail: chunk })
    if (range) setBuffer(bufferOf(range.bytes, range.offset, range.size))
  }

  async function loadEarlier(): Promise<void> {
    const { start } = untrack(buffer)
    if (start === 0) return
    const offset = Math.max(0, start - chunk)
    const range = await read({ offset, limit: start - offset })
    const before = untrack(buffer)
    if (!range || before.start !== start) return
    const grown = prepend(before, range.bytes, range.offset)
    const kept = keepOldest(grown, mostLines)
    const first = untrack(firstLine)
    const added = grown.lines.findIndex((one) => one.offset === start)
    if (first !== undefined) setCounted({ offset: grown.start, line: first - added })
    if (kept !== grown) setIsDetached(true)
    setBuffer(kept)
  }

  async function loadLater(): Promise<void> {
    const { end } = untrack(buffer)
    const range = await read({ offset: end, limit: chunk })
    const before = untrack(buffer)
    if (!range || before.end !== end) return
    const isEnd = range.offset + range.bytes.length >= range.size
    const grown = appendBytes(before, isEnd ? range.bytes : wholeLines(range.bytes), end)
    if (!grown) return
    if (isEnd) setIsDetached(false)
    forgetBeginning({ ...grown, size: range.size })
  }

  async function jumpTo(offset: number, line?: number): Promise<void> {
    if (line !== undefined) setCounted({ offset, line })
    const { start, end, size } = untrack(buffer)
    const isLoaded = offset >= start && offset < end
    setIsDetached(!isLoaded || end < size)
    if (isLoaded) return
    const range = await read({ offset: Math.max(0, offset - chunk / 2), limit: chunk })
    if (!range) return
    const isEnd = range.offset + range.bytes.length >= range.size
    setIsDetached(!isEnd)
    setBuffer(bufferOf(isEnd ? range.bytes : wholeLines(range.bytes), range.offset, range.size))
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
