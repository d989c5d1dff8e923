import { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ShamanError } from '../errors.ts'

/** How long an upload may stand still unless told otherwise. */
export const defaultStallMs = 60_000
const lingerMs = 2000
const lingerBytes = 4 << 20

/** How a body is read. */
export interface RawBodyOptions {
  /** Ends the body early, as if it were over. */
  signal?: AbortSignal
  stallMs?: number | undefined
  /** The reader has copied a piece by the time it asks for the next: its memory is freed then. */
  copied?: boolean
  /** Called with every piece that comes. */
  onPiece?: () => void
}

/**
 * A request's bytes as they arrive, without ever holding more than one piece. Ends with `UPLOAD_INTERRUPTED` when the client
 * goes away or stalls.
 */
export async function* rawBody(
  request: FastifyRequest,
  options: RawBodyOptions = {},
): AsyncGenerator<Buffer> {
  const source = request.raw
  const limit = options.stallMs ?? defaultStallMs
  // What a test injects in place of a request from the network is the test's own memory.
  const frees = options.copied === true && source instanceof IncomingMessage
  // Only the client's silence counts, not the time the store takes with what it has.
  let isWaiting = false
  const timer = setTimeout(() => {
    if (isWaiting) source.destroy(interrupted('it stood still for too long'))
    else timer.refresh()
  }, limit)
  const iterator = source.iterator({ destroyOnReturn: false })
  const overtaken = abortPromise(options.signal)
  try {
    for (;;) {
      timer.refresh()
      isWaiting = true
      const next = iterator.next()
      const result = await (overtaken ? Promise.race([next, overtaken.promise]) : next)
      isWaiting = false
      if (result === undefined || result.done) break
      const piece = result.value as Buffer
      options.onPiece?.()
      yield piece
      if (frees) free(piece)
    }
  } catch (cause) {
    throw cause instanceof ShamanError ? cause : interrupted('the connection was lost', cause)
  } finally {
    clearTimeout(timer)
    overtaken?.dispose()
    // Takes effect once the read that may be under way has ended; until then nobody else can read.
    void iterator.return?.(undefined)
  }
  if (!options.signal?.aborted && !source.complete) throw interrupted('the connection was lost')
}

/**
 * Gives a piece's memory back at once. Left to the collector, the 64 KiB pieces of a socket count as growth of the heap, and all
 * of it was marked again for every 20 MiB received: a quarter of the server's time.
 */
function free(piece: Buffer): void {
  const { buffer } = piece
  if (buffer instanceof ArrayBuffer && buffer.byteLength === piece.byteLength) buffer.transfer(0)
}

function abortPromise(
  signal: AbortSignal | undefined,
): { promise: Promise<undefined>; dispose: () => void } | undefined {
  if (!signal) return undefined
  let dispose = (): void => {}
  const promise = new Promise<undefined>((resolve) => {
    if (signal.aborted) return resolve(undefined)
    const done = (): void => resolve(undefined)
    signal.addEventListener('abort', done, { once: true })
    dispose = () => signal.removeEventListener('abort', done)
  })
  return { promise, dispose: () => dispose() }
}

/**
 * Answers before the body has been read. The rest is read and dropped for a moment, so that the client sees the answer and not
 * a reset; if there is too much of it, the connection is cut.
 */
export function answerEarly(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body?: object,
): FastifyReply {
  const source = request.raw
  if (source.complete) return reply.code(status).send(body)
  const text = body === undefined ? '' : JSON.stringify(body)
  const response = reply.hijack().raw
  response.writeHead(status, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-length': Buffer.byteLength(text),
    ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
  })
  if (text === '') response.flushHeaders()
  else response.write(text)
  drain(request, (isWhole) => {
    if (isWhole) response.end()
    else response.destroy()
  })
  return reply
}

function drain(request: FastifyRequest, done: (isWhole: boolean) => void): void {
  const source = request.raw
  let left = lingerBytes
  const timer = setTimeout(() => done(false), lingerMs)
  const finish = (isWhole: boolean) => () => {
    clearTimeout(timer)
    done(isWhole)
  }
  source.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) finish(false)()
  })
  source.once('end', finish(true))
  source.once('error', finish(false))
  source.once('close', finish(false))
  source.resume()
}

/** What is told of a body that did not come whole. */
export function interrupted(reason: string, cause?: unknown): ShamanError {
  return new ShamanError('UPLOAD_INTERRUPTED', `the upload did not finish: ${reason}`, { cause })
}
