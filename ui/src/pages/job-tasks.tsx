import { useParams, useSearchParams } from '@solidjs/router'
import { Show } from 'solid-js'
import { useJob } from '../farm/job-context.ts'
import { TaskPanel } from '../parts/task-panel.tsx'
import { TaskTable } from '../parts/task-table.tsx'
import styles from './job-tasks.module.css'

/** The tasks of a job, with one of them open beside the list. */
export function JobTasks() {
  const { id, job } = useJob()
  const params = useParams<{ task?: string }>()
  const [search, setSearch] = useSearchParams<{ status?: string }>()
  return (
    <div class={styles.split} data-open={params.task ? '' : undefined}>
      <section class={`card ${styles.list}`} aria-label="Tasks">
        <TaskTable
          jobId={id()}
          counts={job.data()!.task_counts}
          statuses={search.status?.split(',').filter(Boolean) ?? []}
          onStatuses={(chosen) => setSearch({ status: chosen.join(',') || null })}
          current={params.task}
        />
      </section>
      <Show when={params.task} keyed>
        {(task) => <TaskPanel jobId={id()} taskId={task} />}
      </Show>
    </div>
  )
}
