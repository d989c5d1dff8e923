import {
  type Accessor,
  createContext,
  createEffect,
  createSignal,
  onCleanup,
  type ParentProps,
  untrack,
  useContext,
} from 'solid-js'
import { call } from './api.ts'
import { authHeaders, token } from './auth.ts'
import { createLive, type LiveState } from './live.ts'
import { restWhileHidden } from './rest-while-hidden.ts'
import type { FarmStatusReport, LiveEvents, Version } from './wire.ts'

export interface Farm {
  liveState: Accessor<LiveState>
  /** When the last event or successful request arrived. */
  freshAt: Accessor<number>
  latencyMs: Accessor<number | undefined>
  version: Accessor<Version | undefined>
  /** The manager was replaced by another version while this page was open. */
  outdated: Accessor<boolean>
  status: Accessor<string>
  /** Listens to a topic for as long as the calling component lives. */
  useTopic(topic: () => string | undefined): void
  on<K extends keyof LiveEvents>(kind: K, handler: (event: LiveEvents[K]) => void): void
}

const ticketEveryMs = 120_000

const FarmContext = createContext<Farm>()

export function useFarm(): Farm {
  return useContext(FarmContext)!
}

export function FarmProvider(props: ParentProps) {
  const farm = createFarm()
  return <FarmContext.Provider value={farm}>{props.children}</FarmContext.Provider>
}

function createFarm(): Farm {
  const [liveState, setLiveState] = createSignal<LiveState>('connecting')
  const [freshAt, setFreshAt] = createSignal(Date.now())
  const [latencyMs, setLatency] = createSignal<number>()
  const [version, setVersion] = createSignal<Version>()
  const [outdated, setOutdated] = createSignal(false)
  const [status, setStatus] = createSignal('unknown')
  const handlers = new Map<string, Set<(event: never) => void>>()
  const topics = new Map<string, number>([
    ['status', 1],
    ['jobs', 1],
    ['workers', 1],
  ])

  const live = createLive({
    url: '/api/v3/farm/events',
    headers: authHeaders,
    onState: (state) => {
      if (state === 'live' && untrack(liveState) === 'lost') emit('reset', {})
      setLiveState(state)
    },
    onEvent: (kind, data) => {
      setFreshAt(Date.now())
      emit(kind, data)
    },
  })
  onCleanup(live.close)
  onCleanup(restWhileHidden(live))
  live.setTopics(topics.keys())

  subscribe('status', (event) => setStatus((event as FarmStatusReport).status))
  subscribe('reset', () => void readStatus())
  void readStatus()
  const pinger = setInterval(() => !document.hidden && void ping(), 15_000)
  onCleanup(() => clearInterval(pinger))
  void ping()
  createEffect(() => {
    if (token() === undefined) return
    // Images and downloads can carry no token; a cookie that the ticket brings stands in for it.
    const fetchTicket = () => void call('/farm/auth/ticket', { method: 'POST' }).catch(() => {})
    fetchTicket()
    const timer = setInterval(fetchTicket, ticketEveryMs)
    onCleanup(() => clearInterval(timer))
  })

  return {
    liveState,
    freshAt,
    latencyMs,
    version,
    outdated,
    status,
    useTopic(topic) {
      createEffect(() => {
        const name = topic()
        if (name === undefined) return
        count(name, 1)
        onCleanup(() => count(name, -1))
      })
    },
    on(kind, handler) {
      subscribe(kind, handler)
      onCleanup(() => handlers.get(kind)?.delete(handler as (event: never) => void))
    },
  }

  function subscribe(kind: string, handler: (event: never) => void): void {
    if (!handlers.has(kind)) handlers.set(kind, new Set())
    handlers.get(kind)!.add(handler)
  }

  function emit(kind: string, data: unknown): void {
    for (const handler of handlers.get(kind) ?? []) handler(data as never)
  }

  function count(topic: string, by: number): void {
    const next = (topics.get(topic) ?? 0) + by
    if (next > 0) topics.set(topic, next)
    else topics.delete(topic)
    // A page that replaces another drops and takes topics in one turn: connect again only once.
    queueMicrotask(() => live.setTopics(topics.keys()))
  }

  async function readStatus(): Promise<void> {
    const report = await call<FarmStatusReport>('/status').catch(() => undefined)
    if (report) setStatus(report.status)
  }

  async function ping(): Promise<void> {
    const from = performance.now()
    const seen = await call<Version>('/version').catch(() => undefined)
    if (!seen) return
    setLatency(Math.round(performance.now() - from))
    setFreshAt(Date.now())
    const before = untrack(version)
    if (before && before.version !== seen.version) setOutdated(true)
    setVersion(seen)
  }
}
