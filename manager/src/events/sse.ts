import type { ServerResponse } from 'node:http'
import type { FarmEvent } from '@shaman-farm/manager-api'
import type { EventBus, SequencedEvent } from './bus.ts'

export interface StreamOptions {
  topics: ReadonlySet<string>
  /** The last event the client has seen. */
  lastSeen: number | undefined
  flushMs?: number
  keepAliveMs?: number
}

// A client that reads slower than this many bytes is cut off; it comes back and resumes.
const maxBacklogBytes = 4 * 1024 * 1024
const maxPending = 5_000

/**
 * Writes events until the connection closes. Updates of one thing that come within a moment are sent as one, the last:
 * they carry the whole state. Log text is never dropped.
 */
export function streamEvents(
  bus: EventBus,
  response: ServerResponse,
  { topics, lastSeen, flushMs = 50, keepAliveMs = 15_000 }: StreamOptions,
): () => void {
  let pending = new Map<string, SequencedEvent>()
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    timer = undefined
    const events = [...pending.values()].sort((a, b) => a.seq - b.seq)
    pending = new Map()
    response.write(events.map(textOf).join(''))
    if (response.writableLength > maxBacklogBytes) response.destroy()
  }
  const take = (sequenced: SequencedEvent): void => {
    if (!isWanted(sequenced, topics)) return
    const key = coalescingKey(sequenced)
    const earlier = pending.get(key)
    pending.delete(key)
    pending.set(key, earlier ? withEarliestStatus(sequenced, earlier) : sequenced)
    if (pending.size > maxPending) response.destroy()
    timer ??= setTimeout(flush, flushMs)
  }

  response.write(`retry: 1000\n\n`)
  const missed = lastSeen === undefined ? [] : bus.since(lastSeen)
  if (missed) for (const event of missed) take(event)
  else response.write(textOf(resetAt(bus.seq)))
  if (lastSeen === undefined) response.write(`id: ${bus.seq}\n: ready\n\n`)
  const unsubscribe = bus.subscribe(take)
  const keepAlive = setInterval(() => response.write(': here\n\n'), keepAliveMs)
  const stop = (): void => {
    unsubscribe()
    clearInterval(keepAlive)
    clearTimeout(timer)
  }
  response.on('close', stop)
  return () => {
    stop()
    response.end()
  }
}

/** `jobs,job:ID,tasklog:ID,...`; without topics, everything but the logs. */
export function parseTopics(text: string | undefined): ReadonlySet<string> {
  const named = (text ?? '').split(',').map((topic) => topic.trim())
  const topics = named.filter((topic) => topic !== '')
  return new Set(topics.length > 0 ? topics : ['jobs', 'workers', 'tags', 'last-rendered'])
}

function isWanted({ rooms }: SequencedEvent, topics: ReadonlySet<string>): boolean {
  return rooms.some((room) => room === '*' || topics.has(room))
}

function coalescingKey({ seq, event: { kind, data } }: SequencedEvent): string {
  switch (kind) {
    case 'job':
    case 'task':
    case 'worker':
      return `${kind}:${data.id}`
    case 'last-rendered':
      return `${kind}:${data.job_id}`
    default:
      return String(seq)
  }
}

/** Two changes told as one lead from the first one's beginning; and a wish to fetch the tasks is not lost. */
function withEarliestStatus(later: SequencedEvent, earlier: SequencedEvent): SequencedEvent {
  const from = earlier.event.data as { previous_status?: string; refresh_tasks?: boolean }
  const data = {
    ...later.event.data,
    ...(from.previous_status ? { previous_status: from.previous_status } : {}),
    ...(from.refresh_tasks ? { refresh_tasks: true } : {}),
  }
  return { ...later, event: { kind: later.event.kind, data } as FarmEvent }
}

function resetAt(seq: number): SequencedEvent {
  return {
    seq,
    rooms: ['*'],
    event: { kind: 'reset', data: { reason: 'what was missed is not known any more' } },
  }
}

const texts = new WeakMap<SequencedEvent, string>()

/** As it is on the wire; made once, however many listen. */
function textOf(sequenced: SequencedEvent): string {
  let text = texts.get(sequenced)
  if (text === undefined) {
    const { seq, event } = sequenced
    text = `id: ${seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`
    texts.set(sequenced, text)
  }
  return text
}
