import { canDoToJob, type JobAction } from '@shaman-farm/manager-api/status'
import { useNavigate } from '@solidjs/router'
import { createSignal, For } from 'solid-js'
import { actOnEach, jobActLooks, setJobPriority } from '../farm/acts.ts'
import { actOnJobs, tellOutcome } from '../farm/do-acts.ts'
import { useShortcuts } from '../farm/use-shortcuts.ts'
import type { FarmJob } from '../farm/wire.ts'
import { DeleteJobs } from './delete-jobs.tsx'
import { Dialog } from './dialog.tsx'
import styles from './job-actions.module.css'
import { Keys } from './keys.tsx'

const shown: readonly JobAction[] = ['pause', 'requeue', 'cancel', 'delete']

/** What can be done to this job now; what cannot is not there. */
export function JobActions(props: { job: FarmJob }) {
  const navigate = useNavigate()
  const [deleting, setDeleting] = createSignal(false)
  const able = () => shown.filter((act) => canDoToJob(act, props.job.status))
  const run = (act: JobAction): void => {
    if (act === 'delete') setDeleting(true)
    else void actOnJobs(act, [props.job])
  }
  useShortcuts([
    ...shown.map((act) => ({
      keys: jobActLooks[act].key,
      label: `${jobActLooks[act].verb.replace('…', '')} this job`,
      group: 'Job' as const,
      run: () => canDoToJob(act, props.job.status) && run(act),
    })),
  ])
  return (
    <div class={styles.actions}>
      <For each={able()}>
        {(act) => (
          <button type="button" class="button" data-act={act} onClick={() => run(act)}>
            {act === 'requeue' &&
            props.job.status !== 'completed' &&
            props.job.task_counts.failed > 0
              ? 'Requeue unfinished'
              : jobActLooks[act].verb}
            <Keys keys={jobActLooks[act].key} />
          </button>
        )}
      </For>
      <Priority job={props.job} />
      <DeleteJobs
        jobs={deleting() ? [props.job] : undefined}
        onClose={() => setDeleting(false)}
        onDone={() => navigate('/jobs')}
      />
    </div>
  )
}

function Priority(props: { job: FarmJob }) {
  const [open, setOpen] = createSignal(false)
  let input!: HTMLInputElement
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const before = props.job.priority
    const wanted = input.valueAsNumber
    setOpen(false)
    const set = (priority: number) =>
      actOnEach([props.job.id], (id) => setJobPriority(id, priority))
    tellOutcome(
      `Priority ${wanted} for`,
      'job',
      await set(wanted),
      () => props.job.name,
      () => void set(before),
    )
  }
  return (
    <>
      <button type="button" class="button" data-act="priority" onClick={() => setOpen(true)}>
        Priority {props.job.priority}
      </button>
      <Dialog open={open()} onClose={() => setOpen(false)} title="Priority">
        <form class={styles.form} onSubmit={(event) => void save(event)}>
          <label>
            Between 0 and 100; workers take higher first
            <input
              ref={input}
              class="input"
              type="number"
              min="0"
              max="100"
              required
              value={props.job.priority}
            />
          </label>
          <button type="submit" class="button primary">
            Set the priority
          </button>
        </form>
      </Dialog>
    </>
  )
}
