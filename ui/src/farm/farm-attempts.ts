import { createEffect, createSignal, on, onCleanup } from 'solid-js'
import { actOnEach } from './acts.ts'
import { type ApiError, call } from './api.ts'
import { useFarm } from './farm.tsx'
import type { Read } from './read.ts'
import type { Attempt, Attempts } from './wire.ts'

const ofEach = 200
const againMs = 5000

/** What each of the workers did since a moment, read anew a while after something happened. */
export function createFarmAttempts(
  workerIds: () => readonly string[],
  sinceMs: () => number,
): Pick<Read<readonly Attempt[]>, 'data' | 'error' | 'reload'> {
  const farm = useFarm()
  const [attempts, setAttempts] = createSignal<readonly Attempt[]>()
  const [error, setError] = createSignal<ApiError>()
  let round = 0
  let soon: ReturnType<typeof setTimeout> | undefined

  createEffect(on([() => workerIds().join(), sinceMs], () => void load()))
  farm.on('worker', () => {
    soon ??= setTimeout(() => {
      soon = undefined
      void load()
    }, againMs)
  })
  farm.on('reset', () => void load())
  onCleanup(() => {
    round += 1
    clearTimeout(soon)
  })
  return { data: attempts, error, reload: () => void load() }

  async function load(): Promise<void> {
    round += 1
    const mine = round
    const found: Attempt[] = []
    const from = new Date(Date.now() - sinceMs()).toISOString()
    const results = await actOnEach(workerIds(), async (id) => {
      const query = { from, limit: ofEach }
      const answer = await call<Attempts>(`/farm/workers/${id}/attempts`, { query })
      found.push(...answer.attempts)
    })
    if (mine !== round) return
    const failed = results.find((result) => result.error)?.error
    setError(failed)
    if (!failed) setAttempts(found)
  }
}
