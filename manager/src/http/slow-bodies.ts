import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

export interface SlowBodiesOptions {
  /** A body that brings less than this in one window, and is not done, is given up. */
  leastBytes?: number
  windowMs?: number
}

/**
 * Uploads may take hours, so that no request has a time limit; what must not be is a connection held open by a byte now
 * and then. A body that waits because we do not read is not its sender's fault.
 */
export function refuseSlowBodies(
  app: FastifyInstance,
  { leastBytes = 65_536, windowMs = 60_000 }: SlowBodiesOptions = {},
): void {
  const coming = new Map<IncomingMessage, number>()
  app.addHook('onRequest', async ({ raw }) => {
    const { headers } = raw
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0
    if (!hasBody) return
    coming.set(raw, raw.socket.bytesRead)
    raw.once('close', () => coming.delete(raw))
  })
  const timer = setInterval(() => {
    for (const [raw, before] of coming) {
      const { bytesRead } = raw.socket
      coming.set(raw, bytesRead)
      if (raw.complete) coming.delete(raw)
      else if (bytesRead - before < leastBytes && !isOurFault(raw)) refuse(raw, app)
    }
  }, windowMs)
  timer.unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

function isOurFault(raw: IncomingMessage): boolean {
  return raw.readableLength >= raw.readableHighWaterMark
}

function refuse(raw: IncomingMessage, { log }: FastifyInstance): void {
  log.warn({ address: raw.socket.remoteAddress, url: raw.url }, 'body too slow, connection closed')
  raw.socket.destroy()
}
