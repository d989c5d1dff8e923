import type { HelperReply, HelperRequest } from './helper.ts'

export interface HelperWork {
  signal: AbortSignal
  note(note: unknown): void
}

/** The helper's side: answers questions until the worker, whose end of the channel then closes, is gone. */
export function serveWorker(answer: (question: never, work: HelperWork) => Promise<unknown>): void {
  const aborts = new Map<number, AbortController>()
  // The worker may be gone by now.
  const reply = (message: HelperReply): void => {
    if (process.connected) process.send?.(message, () => {})
  }
  process.on('disconnect', () => process.exit())
  process.on('message', async (request: HelperRequest) => {
    const { id } = request
    if ('abort' in request) return aborts.get(id)?.abort()
    const abort = new AbortController()
    aborts.set(id, abort)
    try {
      const work = { signal: abort.signal, note: (note: unknown) => reply({ id, note }) }
      reply({ id, value: await answer(request.question as never, work) })
    } catch (error) {
      reply({ id, error: factsOf(error) })
    } finally {
      aborts.delete(id)
    }
  })
}

function factsOf(error: unknown): { message: string; code?: string; status?: number } {
  const { message, code, status } = error as { message?: string; code?: unknown; status?: unknown }
  return {
    message: message ?? String(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  }
}
