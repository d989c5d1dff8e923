import { createEffect, createSignal, on, Show } from 'solid-js'
import { call } from '../farm/api.ts'
import { actOnJobs } from '../farm/do-acts.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import type { DeletionPreview } from '../farm/wire.ts'
import { Dialog } from './dialog.tsx'

interface Named {
  id: string
  name: string
}

// Ids travel in the address, which has a limit.
const askedAtOnce = 200

const looks = {
  delete: {
    verb: 'Delete',
    aftermath:
      'Tasks, logs and thumbnails are removed. Rendered frames stay where they were written.',
  },
  archive: {
    verb: 'Archive',
    aftermath:
      'The input goes from the store. The history, the logs and what was rendered stay, but the job cannot be run again.',
  },
} as const

/** Asks what giving up jobs' input would free, says it, and only then does it. */
export function DeleteJobs(props: {
  /** Default: delete. */
  act?: keyof typeof looks
  jobs: readonly Named[] | undefined
  onClose: () => void
  onDone?: (act: keyof typeof looks) => void
}) {
  const [effect, setEffect] = createSignal<DeletionPreview>()
  createEffect(
    on(
      () => props.jobs,
      (jobs) => {
        setEffect(undefined)
        if (jobs) void foresee(jobs).then(setEffect, () => setEffect(undefined))
      },
    ),
  )
  const act = () => props.act ?? 'delete'
  const run = (): void => {
    const jobs = props.jobs ?? []
    // Before the dialog closes and asks for nothing any more.
    const chosen = act()
    props.onClose()
    void actOnJobs(chosen, jobs).then(() => props.onDone?.(chosen))
  }
  const isOne = () => props.jobs?.length === 1
  const what = () => {
    const jobs = props.jobs ?? []
    return jobs.length === 1 ? `“${jobs[0]!.name}”` : formatCount(jobs.length, 'job')
  }
  return (
    <Dialog
      open={props.jobs !== undefined}
      onClose={props.onClose}
      title={`${looks[act()].verb} ${what()}?`}
    >
      <p>{looks[act()].aftermath}</p>
      <Show when={effect()} fallback={<p class="muted">Asking what this would free…</p>}>
        {(known) => (
          <p>
            <Show
              when={known().checkouts > 0}
              fallback={`No checkout in the store belongs to ${isOne() ? 'it' : 'them'}.`}
            >
              {formatCount(known().checkouts, 'checkout')} would be removed, which frees{' '}
              <b>{formatBytes(known().frees_bytes)}</b> with the next garbage collection;{' '}
              {formatBytes(known().keeps_shared_bytes)} stay, as other checkouts hold them too.
            </Show>
          </p>
        )}
      </Show>
      <p class="muted">This cannot be undone.</p>
      <div class="row-gap">
        <button type="button" class="button primary" onClick={run}>
          {looks[act()].verb} {what()}
        </button>
        <button type="button" class="button" onClick={() => props.onClose()}>
          Keep
        </button>
      </div>
    </Dialog>
  )
}

/** In parts for a great many jobs; what parts share with each other is then not counted as freed. */
async function foresee(jobs: readonly Named[]): Promise<DeletionPreview> {
  const sum = { jobs: 0, checkouts: 0, frees_bytes: 0, keeps_shared_bytes: 0 }
  for (let from = 0; from < jobs.length; from += askedAtOnce) {
    const ids = jobs.slice(from, from + askedAtOnce).map((job) => job.id)
    const part = await call<DeletionPreview>('/farm/jobs/deletion-preview', {
      query: { ids: ids.join(',') },
    })
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += part[key]
  }
  return sum
}
