import { canDoToJob, type JobAction } from '@shaman-farm/manager-api/status'
import { useNavigate } from '@solidjs/router'
import { createSignal, For } from 'solid-js'
import { jobActLooks } from '../farm/acts.ts'
import { actOnJobs } from '../farm/do-acts.ts'
import { useShortcuts } from '../farm/use-shortcuts.ts'
import type { FarmJob } from '../farm/wire.ts'
import { DeleteJobs } from './delete-jobs.tsx'
import styles from './job-actions.module.css'
import { JobOrder, priorityShortcuts } from './job-order.tsx'
import { Keys } from './keys.tsx'

const shown: readonly JobAction[] = ['pause', 'requeue', 'cancel', 'archive', 'delete']

/** What can be done to this job now; what cannot is not there. */
export function JobActions(props: { job: FarmJob }) {
  const navigate = useNavigate()
  const [asking, setAsking] = createSignal<'archive' | 'delete'>()
  const can = (act: JobAction): boolean =>
    canDoToJob(act, props.job.status) &&
    // Of a job without its files nothing is left but its history.
    (props.job.archived === undefined || act === 'delete')
  const able = () => shown.filter(can)
  const run = (act: JobAction): void => {
    if (act === 'delete' || act === 'archive') setAsking(act)
    else void actOnJobs(act, [props.job])
  }
  useShortcuts([
    ...shown.map((act) => ({
      keys: jobActLooks[act].key,
      label: `${jobActLooks[act].verb.replace('…', '')} this job`,
      group: 'Job' as const,
      run: () => can(act) && run(act),
    })),
    ...priorityShortcuts(() => [props.job], 'this job'),
    {
      keys: 'l',
      label: 'Go to the log',
      group: 'Job',
      run: () => document.querySelector<HTMLElement>('main [role=log]')?.focus(),
    },
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
      <JobOrder jobs={[props.job]} />
      <DeleteJobs
        act={asking() ?? 'delete'}
        jobs={asking() ? [props.job] : undefined}
        onClose={() => setAsking(undefined)}
        onDone={(act) => act === 'delete' && navigate('/jobs')}
      />
    </div>
  )
}
