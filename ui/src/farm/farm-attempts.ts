import { type Accessor, createEffect, createSignal, on, onCleanup } from 'solid-js'
import { actOnEach } from './acts.ts'
import { call } from './api.ts'
import { useFarm } from './farm.tsx'
import type { Attempt, Attempts } from './wire.ts'

const ofEach = 200
const againMs = 5000

/** What each of the workers did since a moment, read anew a while after something happened. */
export function createFarmAttempts(
  workerIds: () => readonly string[],
  sinceMs: () => number,
): { attempts: Accessor<readonly Attempt[]>; loading: Accessor<boolean> } {
  const farm = useFarm()
  const [attempts, setAttempts] = createSignal<readonly Attempt[]>([])
  const [loading, setLoading] = createSignal(true)
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
  return { attempts, loading }

  async function load(): Promise<void> {
    round += 1
    const mine = round
    const found: Attempt[] = []
    const from = new Date(Date.now() - sinceMs()).toISOString()
    await actOnEach(workerIds(), async (id) => {
      const query = { from, limit: ofEach }
      const answer = await call<Attempts>(`/farm/workers/${id}/attempts`, { query })
      found.push(...answer.attempts)
    })
    if (mine !== round) return
    setAttempts(found)
    setLoading(false)
  }
}
