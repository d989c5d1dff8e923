import type { FastifyReply, FastifyRequest } from 'fastify'
import { ShamanError } from '../errors.ts'

/** How long an upload may stand still. */
export const stallMs = 60_000
const lingerMs = 2000
const lingerBytes = 4 << 20

/**
 * A request's bytes as they arrive, without ever holding more than one piece. Ends with `UPLOAD_INTERRUPTED` when the client
 * goes away or stalls.
 */
export async function* rawBody(
  request: FastifyRequest,
  options: { signal?: AbortSignal; stallMs?: number } = {},
): AsyncGenerator<Buffer> {
  const source = request.raw
  const limit = options.stallMs ?? stallMs
  let timer: NodeJS.Timeout | undefined
  const watch = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => source.destroy(interrupted('it stood still for too long')), limit)
  }
  const iterator = source.iterator({ destroyOnReturn: false })
  const overtaken = abortPromise(options.signal)
  try {
    for (;;) {
      watch()
      const next = iterator.next()
      const result = await (overtaken ? Promise.race([next, overtaken.promise]) : next)
      clearTimeout(timer)
      if (result === undefined || result.done) break
      yield result.value as Buffer
    }
  } catch (cause) {
    throw cause instanceof ShamanError ? cause : interrupted('the connection was lost', cause)
  } finally {
    clearTimeout(timer)
    overtaken?.dispose()
  }
  if (!options.signal?.aborted && !source.complete) throw interrupted('the connection was lost')
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
 * Reads on for a moment after an early answer, so that the client sees the answer and not a reset; then the connection is
 * closed, since the rest of the body still lies on it.
 */
export function lingerAfter(request: FastifyRequest, reply: FastifyReply): void {
  const source = request.raw
  if (source.complete || source.destroyed) return
  void reply.header('connection', 'close')
  let left = lingerBytes
  const timer = setTimeout(() => source.destroy(), lingerMs)
  source.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) source.pause()
  })
  source.on('error', () => {})
  source.on('close', () => clearTimeout(timer))
  source.on('end', () => clearTimeout(timer))
  source.resume()
}

function interrupted(reason: string, cause?: unknown): ShamanError {
  return new ShamanError('UPLOAD_INTERRUPTED', `the upload did not finish: ${reason}`, { cause })
}
