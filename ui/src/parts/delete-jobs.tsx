import { createEffect, createSignal, on, Show } from 'solid-js'
import { call } from '../farm/api.ts'
import { actOnJobs } from '../farm/do-acts.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import type { JobDeletionInfo } from '../farm/wire.ts'
import { Dialog } from './dialog.tsx'

interface Named {
  id: string
  name: string
}

interface Effect {
  checkouts: number
  freed: number
  known: boolean
}

/** Asks what deleting would do, says it, and only then does it. */
export function DeleteJobs(props: {
  jobs: readonly Named[] | undefined
  onClose: () => void
  onDone?: () => void
}) {
  const [effect, setEffect] = createSignal<Effect>()
  createEffect(
    on(
      () => props.jobs,
      (jobs) => {
        setEffect(undefined)
        if (jobs) void foresee(jobs).then(setEffect, () => setEffect(undefined))
      },
    ),
  )
  const run = (): void => {
    const jobs = props.jobs ?? []
    props.onClose()
    void actOnJobs('delete', jobs).then(() => props.onDone?.())
  }
  const what = () => {
    const jobs = props.jobs ?? []
    return jobs.length === 1 ? `“${jobs[0]!.name}”` : formatCount(jobs.length, 'job')
  }
  return (
    <Dialog open={props.jobs !== undefined} onClose={props.onClose} title={`Delete ${what()}?`}>
      <p>
        Its tasks, logs and thumbnails are removed. Rendered frames stay where they were written.
      </p>
      <Show when={effect()} fallback={<p class="muted">Asking what this would free…</p>}>
        {(known) => (
          <p>
            <Show when={known().checkouts > 0} fallback="No checkout in the store belongs to it.">
              {formatCount(known().checkouts, 'checkout')} would be removed
              <Show when={known().known}>
                , which frees <b>{formatBytes(known().freed)}</b> with the next garbage collection
              </Show>
              .
            </Show>
          </p>
        )}
      </Show>
      <p class="muted">This cannot be undone.</p>
      <div class="row-gap">
        <button type="button" class="button primary" onClick={run}>
          Delete {what()}
        </button>
        <button type="button" class="button" onClick={() => props.onClose()}>
          Keep
        </button>
      </div>
    </Dialog>
  )
}

async function foresee(jobs: readonly Named[]): Promise<Effect> {
  // The first hundred tell enough; a thousand questions would not be answered faster than read.
  const infos = await Promise.all(
    jobs.slice(0, 100).map((job) => call<JobDeletionInfo>(`/jobs/${job.id}/what-would-delete-do`)),
  )
  return {
    checkouts: infos.filter((info) => info.shaman_checkout).length,
    freed: infos.reduce((sum, info) => sum + (info.exclusive_bytes ?? 0), 0),
    known: infos.some((info) => info.exclusive_bytes !== undefined) && jobs.length <= 100,
  }
}
