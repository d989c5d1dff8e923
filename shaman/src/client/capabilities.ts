import type { Capabilities } from '../schemas.ts'
import { ShamanClientError } from './errors.ts'
import type { Http } from './http.ts'

// Asked again after this time: the manager may have been replaced by another meanwhile.
const freshMs = 60_000

/** Tells what the server can do; undefined for a Flamenco manager, which knows only its four operations. */
export function createCapabilityProbe(
  http: Http,
  now: () => number,
): (signal: AbortSignal | undefined) => Promise<Capabilities | undefined> {
  let asked: { at: number; answer: Capabilities | undefined } | undefined
  return async (signal) => {
    if (asked && now() - asked.at < freshMs) return asked.answer
    const answer = await ask(http, signal)
    asked = { at: now(), answer }
    return answer
  }
}

async function ask(http: Http, signal: AbortSignal | undefined): Promise<Capabilities | undefined> {
  try {
    return await http.json<Capabilities>('/x/capabilities', { signal })
  } catch (error) {
    const isOlder = error instanceof ShamanClientError && [404, 405].includes(error.status ?? 0)
    if (isOlder) return undefined
    throw error
  }
}
