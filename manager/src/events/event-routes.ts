import type { ServerResponse } from 'node:http'
import { type Handlers, handled } from '../http/route.ts'
import { FarmError } from '../problems.ts'
import type { Services } from '../services.ts'
import { parseTopics, streamEvents } from './sse.ts'

const maxStreams = 1_000

/** @param streams the open ones, for closing them when the manager stops */
export function eventHandlers({ farm }: Services, streams: Set<() => void>): Handlers {
  return {
    farmEvents({ query, headers, reply }) {
      if (streams.size >= maxStreams) {
        throw new FarmError('BUSY', 'Too many clients listen to events')
      }
      const topics = parseTopics(query.topics)
      const lastSeen = lastEventId(headers['last-event-id'])
      reply.hijack()
      const response: ServerResponse = reply.raw
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      const stop = streamEvents(farm.events, response, { topics, lastSeen })
      streams.add(stop)
      response.on('close', () => streams.delete(stop))
      return handled
    },
  }
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  const id = Number(header)
  return header !== undefined && Number.isSafeInteger(id) ? id : undefined
}
