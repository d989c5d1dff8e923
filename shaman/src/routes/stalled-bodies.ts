import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { interrupted } from './raw-body.ts'

/**
 * Closes connections whose body stands still before Fastify has read it whole: an upload may take hours, so there is no limit on a
 * request's time. Bodies that handlers read piece by piece are watched where they are read.
 */
export function closeStalledBodies(app: FastifyInstance, stallMs: number): void {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const type = request.headers['content-type'] ?? ''
    if (app.hasContentTypeParser(type.split(';')[0]!.trim())) watch(request.raw, stallMs)
    return payload
  })
}

function watch(source: IncomingMessage, stallMs: number): void {
  let before = source.socket.bytesRead
  const timer = setInterval(() => {
    const now = source.socket.bytesRead
    if (source.complete || source.destroyed) clearInterval(timer)
    else if (now === before) source.destroy(interrupted('it stood still for too long'))
    before = now
  }, stallMs)
  timer.unref()
  source.once('close', () => clearInterval(timer))
  source.once('end', () => clearInterval(timer))
}
