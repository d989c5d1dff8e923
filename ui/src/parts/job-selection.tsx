import type { JobAction } from '@shaman-farm/manager-api/status'
import { For, type ParentProps, Show } from 'solid-js'
import { actable, jobActLooks } from '../farm/acts.ts'
import { formatCount } from '../farm/format.ts'
import type { JobRow } from '../farm/wire.ts'
import { JobOrder } from './job-order.tsx'

export const jobActs: readonly JobAction[] = ['pause', 'requeue', 'cancel', 'delete']

/** What waits while somebody rests on the list. */
export function PendingOrder(props: { count: number; onApply: () => void }) {
  return (
    <Show when={props.count > 0}>
      <button type="button" class="button" onClick={() => props.onApply()}>
        {formatCount(props.count, 'change')} · apply
      </button>
    </Show>
  )
}

/** The acts on the selected jobs, each with how many of them it applies to. */
export function JobSelection(
  props: ParentProps<{
    jobs: readonly JobRow[]
    onAct: (act: JobAction) => void
    onClear: () => void
  }>,
) {
  return (
    <div class="bar" role="toolbar" aria-label="Selected jobs">
      <span>{formatCount(props.jobs.length, 'job')} selected</span>
      <For each={jobActs}>
        {(act) => {
          const able = () => actable(act, props.jobs).length
          return (
            <button
              type="button"
              class="button"
              disabled={able() === 0}
              data-act={act}
              onClick={() => props.onAct(act)}
            >
              {jobActLooks[act].verb}
              <Show when={able() > 0 && able() < props.jobs.length}>
                {' '}
                {able()} of {props.jobs.length}
              </Show>
            </button>
          )
        }}
      </For>
      <JobOrder jobs={props.jobs} />
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear selection
      </button>
      {props.children}
    </div>
  )
}
