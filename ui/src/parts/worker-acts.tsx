import { For, Show } from 'solid-js'
import type { WorkerRow } from '../farm/wire.ts'
import { actOnWorkers, workerActs } from '../farm/workers.ts'

/** One choice for all that can be asked of workers, each with how many it applies to. */
export function WorkerActs(props: { workers: readonly WorkerRow[] }) {
  let select!: HTMLSelectElement
  const able = (id: string): WorkerRow[] => {
    const act = workerActs.find((one) => one.id === id)
    return props.workers.filter((worker) => act?.applies(worker))
  }
  const run = (): void => {
    const act = workerActs.find((one) => one.id === select.value)
    select.value = ''
    if (act) void actOnWorkers(act, able(act.id))
  }
  return (
    <select ref={select} class="input" aria-label="Ask of the workers" onChange={run}>
      <option value="">Ask…</option>
      <For each={workerActs}>
        {(act) => (
          <Show when={able(act.id).length > 0}>
            <option value={act.id}>
              {act.verb}
              {able(act.id).length < props.workers.length
                ? ` (${able(act.id).length} of ${props.workers.length})`
                : ''}
            </option>
          </Show>
        )}
      </For>
    </select>
  )
}
