import { type Component, lazy } from 'solid-js'
import { ApiError, asApiError, call } from './api.ts'
import { sleepFor } from './sleep.ts'

/** A part of the dashboard that is fetched when it is first shown did not come. */
export class LostPartError extends ApiError {
  constructor() {
    super('This part of the dashboard could not be fetched.', {
      code: 'PART_LOST',
      hint: 'The page loads anew once the manager answers.',
    })
  }
}

const askAgainMs = 2000
/** A page that lacks a part right after it was loaded has a fault that loading again and again would only hide. */
const shortestBetweenReloadsMs = 30_000
const reloadedKey = 'farm.reloaded'

let isOneLost = false

/** A component that is fetched when it is first shown; when it does not come, {@link LostPartError} is thrown in its place. */
export function part<Name extends string, Props extends object>(
  load: () => Promise<Record<Name, Component<Props>>>,
  name: Name,
): ReturnType<typeof lazy<Component<Props>>> {
  return lazy(async () => ({ default: (await fetchPart(load))[name] }))
}

/**
 * Fetches a part of the dashboard. Throws {@link LostPartError} when the manager is away, or was updated and has other parts now.
 * From then on only a reload helps: a browser may keep a failed module, and what it fetched of the style sheets, for as long as
 * the page lives.
 */
async function fetchPart<T>(load: () => Promise<T>): Promise<T> {
  if (isOneLost) throw new LostPartError()
  try {
    return await load()
  } catch (error) {
    console.warn(error)
    isOneLost = true
    throw new LostPartError()
  }
}

/** Loads the page anew once the manager answers, and not before: an unreachable page would be lost with all that it shows. */
export async function reloadOnceThere(signal: AbortSignal): Promise<void> {
  const last = Number(sessionStorage.getItem(reloadedKey) ?? 0)
  await sleepFor(last + shortestBetweenReloadsMs - Date.now(), signal)
  while (!signal.aborted && !(await isThere(signal))) await sleepFor(askAgainMs, signal)
  if (signal.aborted) return
  sessionStorage.setItem(reloadedKey, String(Date.now()))
  location.reload()
}

/** Loads the page anew if the manager answers now. */
export async function reloadIfThere(): Promise<boolean> {
  const answers = await isThere()
  if (answers) location.reload()
  return answers
}

// A proxy in front of a manager that is away answers too, but not so.
async function isThere(signal?: AbortSignal): Promise<boolean> {
  return call('/version', { signal, timeoutMs: 5000 }).then(
    () => true,
    (error: unknown) => [401, 403].includes(asApiError(error).status),
  )
}
