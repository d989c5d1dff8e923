import { For, Show } from 'solid-js'
import type { Attempt } from '../farm/wire.ts'

/** Goes to where an attempt begins in its task's log. */
export function AttemptSwitch(props: {
  attempts: readonly Attempt[]
  onChoose: (logStart: number) => void
}) {
  return (
    <Show when={props.attempts.length > 1}>
      <select
        class="input"
        aria-label="Go to an attempt"
        onChange={(event) => props.onChoose(Number(event.currentTarget.value))}
      >
        <For each={props.attempts}>
          {(attempt, index) => (
            <option value={attempt.log_start}>
              Attempt {props.attempts.length - index()}, {attempt.outcome ?? 'running'} on{' '}
              {attempt.worker.name}
            </option>
          )}
        </For>
      </select>
    </Show>
  )
}
