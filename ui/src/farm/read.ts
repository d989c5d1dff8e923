import { type Accessor, batch, createEffect, createSignal, on, onCleanup, untrack } from 'solid-js'
import { createStore, reconcile } from 'solid-js/store'
import { type ApiError, asApiError, call, isAborted, type RequestOptions } from './api.ts'
import { useFarm } from './farm.tsx'

export interface Read<T> {
  data: Accessor<T | undefined>
  error: Accessor<ApiError | undefined>
  /** True until the first answer for the present path. */
  loading: Accessor<boolean>
  /** The query that what is shown answers. */
  question: Accessor<string | undefined>
  /** When what is shown was read. */
  asOf: Accessor<number | undefined>
  reload(): void
  /** Reloads after a while; calls in between are one. For events that come in bursts. */
  reloadSoon(): void
  /** Changes what is shown without asking, as events do. */
  patch(change: (data: T) => T): void
}

export interface ReadOptions {
  query?: () => RequestOptions['query']
  soonMs?: number
  /** Field that tells rows apart, so that a reload keeps their elements. */
  key?: string
  /** Kept as it came, for answers of many thousand parts that are drawn rather than rendered. */
  raw?: boolean
  /** Every so often, for what no event announces. */
  everyMs?: number
}

/** For a path whose answer may have no content: what is told is that there was one. */
export function answered<T>(read: Read<T>): Pick<Read<number>, 'data' | 'error' | 'reload'> {
  return { data: read.asOf, error: read.error, reload: read.reload }
}

/**
 * Reads a path of the API and keeps it. Unlike a resource it never suspends: old data stays on
 * the screen during a reload and after a failed one. When the connection was lost it is read again, for nobody told what changed
 * meanwhile; so is what failed for want of a manager.
 */
export function createRead<T extends object>(
  path: () => string | undefined,
  options: ReadOptions = {},
): Read<T> {
  const [state, setState] = createStore<{ value: T | undefined }>({ value: undefined })
  const [whole, setWhole] = createSignal<T>()
  const [error, setError] = createSignal<ApiError>()
  const [loading, setLoading] = createSignal(true)
  const [asOf, setAsOf] = createSignal<number>()
  const [question, setQuestion] = createSignal<string>()
  let running: AbortController | undefined
  let again = false
  let soon: ReturnType<typeof setTimeout> | undefined
  let shownPath: string | undefined

  createEffect(
    on([path, () => JSON.stringify(options.query?.() ?? {})], () => {
      running?.abort()
      running = undefined
      if (path() !== shownPath) {
        show(undefined)
        setAsOf(undefined)
        setLoading(true)
      }
      void load()
    }),
  )
  const farm = useFarm()
  farm.on('reset', () => void load())
  createEffect(
    on(
      farm.liveState,
      (state) => {
        if (state === 'live' && !running && untrack(error)?.status === 0) void load()
      },
      { defer: true },
    ),
  )
  const poll = options.everyMs
    ? setInterval(() => !document.hidden && void load(), options.everyMs)
    : undefined
  onCleanup(() => {
    running?.abort()
    clearTimeout(soon)
    clearInterval(poll)
  })

  return {
    data: () => (options.raw ? whole() : state.value),
    error,
    loading,
    question,
    asOf,
    reload: () => void load(),
    reloadSoon() {
      soon ??= setTimeout(() => {
        soon = undefined
        void load()
      }, options.soonMs ?? 400)
    },
    patch(change) {
      const now = options.raw ? whole() : state.value
      if (now) show(change(now))
    },
  }

  async function load(): Promise<void> {
    const wanted = path()
    if (wanted === undefined) return
    if (running) {
      again = true
      return
    }
    const mine = new AbortController()
    running = mine
    try {
      const query = options.query?.() ?? {}
      const value = await call<T>(wanted, { query, signal: mine.signal })
      if (mine.signal.aborted) return
      shownPath = wanted
      batch(() => {
        show(value)
        setQuestion(JSON.stringify(query))
        setAsOf(Date.now())
        setError(undefined)
      })
    } catch (cause) {
      if (mine.signal.aborted || isAborted(cause)) return
      setError(asApiError(cause))
    } finally {
      if (running === mine) {
        running = undefined
        setLoading(false)
        if (again) {
          again = false
          void load()
        }
      }
    }
  }

  function show(value: T | undefined): void {
    if (options.raw) setWhole(() => value)
    else setState('value', reconcile(value, { key: options.key ?? 'id', merge: false }))
  }
}
