import type { FarmEvent } from '@shaman-farm/manager-api'

/** An event with its place in the stream and the rooms it belongs to. */
export interface SequencedEvent {
  seq: number
  event: FarmEvent
  rooms: readonly string[]
}

export interface EventBus {
  publish(event: FarmEvent): void
  subscribe(listener: (event: SequencedEvent) => void): () => void
  /** What came after `seq`, or undefined when that is no longer known. */
  since(seq: number): SequencedEvent[] | undefined
  readonly seq: number
}

/**
 * Sequence numbers begin at the time of the start, so that a client that comes back after a restart has a number
 * older than anything kept here and is told to fetch everything again.
 */
export function createEventBus({
  keep = 5_000,
  firstSeq = Date.now() * 1000,
}: {
  keep?: number
  firstSeq?: number
} = {}): EventBus {
  const listeners = new Set<(event: SequencedEvent) => void>()
  const kept: SequencedEvent[] = []
  let start = 0
  let seq = firstSeq
  return {
    publish(event) {
      seq += 1
      const sequenced = { seq, event, rooms: roomsOf(event) }
      kept.push(sequenced)
      if (kept.length - start > keep) start += 1
      if (start > keep) {
        kept.splice(0, start)
        start = 0
      }
      for (const listener of listeners) listener(sequenced)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    since(last) {
      if (last === seq) return []
      const oldest = kept[start]?.seq
      if (oldest === undefined || last < oldest - 1 || last > seq) return undefined
      return kept.slice(start + (last - oldest + 1))
    },
    get seq() {
      return seq
    },
  }
}

/** The topics an event is sent to; `*` reaches everybody. */
function roomsOf({ kind, data }: FarmEvent): readonly string[] {
  switch (kind) {
    case 'job':
      return ['jobs', `job:${data.id}`]
    case 'task':
      return [`job:${data.job_id}`]
    case 'tasklog':
      return [`tasklog:${data.task_id}`]
    case 'worker':
      return ['workers']
    case 'tag':
      return ['tags', 'workers']
    case 'last-rendered':
      return ['last-rendered', `job:${data.job_id}`]
    case 'status':
    case 'lifecycle':
    case 'reset':
      return ['*']
  }
}
