import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

const stillMs = 60_000

/**
 * Answers with pieces whose memory is used again: the next but one is asked for when a piece has gone to the kernel, which a
 * stream would not tell. Calls `release` when it is over, whatever the end.
 */
export function sendPieces(
  reply: FastifyReply,
  pieces: AsyncIterable<{ bytes: Uint8Array }>,
  release: () => void,
): FastifyReply {
  const response: ServerResponse = reply.hijack().raw
  response.writeHead(200, reply.getHeaders() as Record<string, string>)
  // Whoever asks and then does not read would hold files and memory for ever.
  response.setTimeout(stillMs, () => response.destroy())
  void sendAll(response, pieces)
    .catch((error: unknown) => {
      if (!response.destroyed) reply.log.warn({ err: error }, 'answer broken off')
      response.destroy()
    })
    .finally(release)
  return reply
}

async function sendAll(
  response: ServerResponse,
  pieces: AsyncIterable<{ bytes: Uint8Array }>,
): Promise<void> {
  let sending: Promise<void> = Promise.resolve()
  for await (const { bytes } of pieces) {
    await sending
    if (response.destroyed) return
    sending = write(response, bytes)
    sending.catch(() => {})
  }
  await sending
  response.end()
}

function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const gone = (): void => reject(new Error('the client is gone'))
  response.once('close', gone)
  response.write(bytes, (error) => {
    response.off('close', gone)
    if (error) reject(error)
    else resolve()
  })
  return promise
}
