import { Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { useJob } from '../farm/job-context.ts'
import { createRead } from '../farm/read.ts'
import type { Attempts } from '../farm/wire.ts'
import { AttemptList } from '../parts/attempt-list.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Told } from '../parts/told.tsx'

const shownAtMost = 300

/** Every run of this job's tasks, latest first. */
export function JobHistory() {
  const { id } = useJob()
  const farm = useFarm()
  const attempts = createRead<Attempts>(() => `/farm/jobs/${id()}/attempts`, {
    query: () => ({ limit: shownAtMost }),
    soonMs: 1500,
  })
  farm.on('task', (event) => event.job_id === id() && attempts.reloadSoon())
  const list = () => attempts.data()?.attempts ?? []
  return (
    <section class="card" aria-label="History">
      <header>
        <h2>Attempts</h2>
        <Show when={list().length === shownAtMost}>
          <span class="muted">the latest {shownAtMost}</span>
        </Show>
      </header>
      <Told read={attempts} what="the attempts">
        {() => (
          <Show
            when={list().length > 0}
            fallback={<EmptyState small icon="worker" title="No worker has begun yet" />}
          >
            <AttemptList attempts={list()} byTask withWorker />
          </Show>
        )}
      </Told>
    </section>
  )
}
