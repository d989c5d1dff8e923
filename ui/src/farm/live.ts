import { sleepFor } from './sleep.ts'
import { createSseParser, type SseMessage } from './sse.ts'

export type LiveState = 'connecting' | 'live' | 'lost'

export interface LiveOptions {
  url: string
  onEvent(kind: string, data: unknown): void
  onState(state: LiveState): void
  /** Sent with every connection, and asked anew for each. */
  headers?(): Record<string, string>
  fetch?: typeof fetch
  sleep?(ms: number, signal: AbortSignal): Promise<void>
  random?(): number
  /** Without a byte (heartbeats included) for this long the connection counts as dead. */
  idleMs?: number
}

export interface Live {
  /** Changes what is listened to. What happens during the change is not lost: the stream resumes. */
  setTopics(topics: Iterable<string>): void
  /** Lets go of the connection until {@link Live.wake}, which resumes. */
  rest(): void
  wake(): void
  close(): void
}

/**
 * The one event stream of a page. `fetch` instead of EventSource, because a change of topics must
 * carry on from the last event, which EventSource does only for its own reconnections.
 */
export function createLive(options: LiveOptions): Live {
  const { idleMs = 45_000, random = Math.random, sleep = sleepFor } = options
  const closed = new AbortController()
  let topics = ''
  let lastId: string | undefined
  let current: AbortController | undefined
  let running = false
  let resting = false

  return {
    setTopics(next) {
      const joined = [...new Set(next)].sort().join(',')
      if (joined === topics) return
      topics = joined
      current?.abort(retopic)
      begin()
    },
    rest() {
      resting = true
      current?.abort()
    },
    wake() {
      resting = false
      begin()
    },
    close: () => closed.abort(),
  }

  function begin(): void {
    if (!running && !resting && topics !== '') void run()
  }

  async function run(): Promise<void> {
    running = true
    let failures = 0
    while (!resting && !closed.signal.aborted) {
      current = new AbortController()
      const outcome = await listen(current, () => {
        failures = 0
      })
      if (closed.signal.aborted) return
      if (outcome === 'retopic') continue
      if (!resting) failures += 1
      options.onState(failures > 1 ? 'lost' : 'connecting')
      if (!resting) await sleep(backoff(failures, random()), closed.signal)
    }
    running = false
  }

  async function listen(
    attempt: AbortController,
    onOpen: () => void,
  ): Promise<'retopic' | 'ended'> {
    const signal = AbortSignal.any([attempt.signal, closed.signal])
    let watchdog: ReturnType<typeof setTimeout> | undefined
    const feed = (): void => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => attempt.abort(new Error('silent')), idleMs)
    }
    try {
      feed()
      const response = await (options.fetch ?? fetch)(`${options.url}?${query()}`, {
        headers: {
          ...options.headers?.(),
          ...(lastId === undefined ? {} : { 'Last-Event-ID': lastId }),
        },
        signal,
        cache: 'no-store',
      })
      if (!response.ok || !response.body) throw new Error(`events: ${response.status}`)
      onOpen()
      options.onState('live')
      await pump(response.body, feed)
    } catch {
      // Whatever the reason, the answer is the same: wait and connect again.
    } finally {
      clearTimeout(watchdog)
    }
    return attempt.signal.reason === retopic ? 'retopic' : 'ended'
  }

  async function pump(body: ReadableStream<Uint8Array>, feed: () => void): Promise<void> {
    const parse = createSseParser(deliver)
    const decoder = new TextDecoder()
    // Safari's streams could not be iterated for long.
    const reader = body.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      feed()
      parse(decoder.decode(next.value, { stream: true }))
    }
  }

  function deliver(message: SseMessage): void {
    if (message.id !== undefined) lastId = message.id
    const data = parseJson(message.data)
    if (data !== undefined) options.onEvent(message.event, data)
  }

  function query(): string {
    return new URLSearchParams({ topics }).toString()
  }
}

const retopic = Symbol('retopic')

/** Doubles from 250 ms up to 5 s, with jitter so that a room of dashboards does not knock at once. */
export function backoff(failures: number, random: number): number {
  return Math.min(5000, 250 * 2 ** Math.min(failures - 1, 10)) * (0.5 + random / 2)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
