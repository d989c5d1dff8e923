import { createSignal, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import type { TaskPage, TaskRow } from '../farm/wire.ts'
import { EmptyState } from './empty-state.tsx'
import { LogView } from './log-view.tsx'
import { Told } from './told.tsx'

/** The log of the task a person would look at: the running one, else the last failed or changed. */
export function LogTail(props: { jobId: string }) {
  const farm = useFarm()
  const [stay, setStay] = createSignal<string>()
  const tasks = createRead<TaskPage>(() => `/farm/jobs/${props.jobId}/tasks`, {
    query: () => ({ status: 'active,soft-failed,failed,completed', limit: 200 }),
    soonMs: 1500,
  })
  farm.on('task', (event) => event.job_id === props.jobId && tasks.reloadSoon())
  const chosen = () => {
    const all = tasks.data()?.tasks ?? []
    // A running task keeps the panel until it ends, however many others are running.
    const same = all.find((task) => task.id === stay() && task.status === 'active')
    const pick = same ?? mostTelling(all)
    if (pick && pick.id !== stay()) queueMicrotask(() => setStay(pick.id))
    return pick
  }
  return (
    <Show
      when={chosen()?.id}
      keyed
      fallback={
        <section class="card" aria-label="Log">
          <h2>Log</h2>
          <Told read={tasks} what="the tasks">
            {() => <EmptyState small icon="jobs" title="No task has started" />}
          </Told>
        </section>
      }
    >
      {(id) => (
        <LogView
          taskId={id}
          title={`Log · ${chosen()?.name}${chosen()?.worker?.name ? ` · ${chosen()?.worker?.name}` : ''}`}
        />
      )}
    </Show>
  )
}

const weight: Partial<Record<TaskRow['status'], number>> = {
  active: 3,
  failed: 2,
  'soft-failed': 1,
}

function mostTelling(tasks: readonly TaskRow[]): TaskRow | undefined {
  return tasks.toSorted(
    (a, b) =>
      (weight[b.status] ?? 0) - (weight[a.status] ?? 0) || b.updated.localeCompare(a.updated),
  )[0]
}
