import { A, useLocation, useParams } from '@solidjs/router'
import { Show } from 'solid-js'
import { createRead } from '../farm/read.ts'
import type { Task } from '../farm/wire.ts'
import { LogView } from '../parts/log-view.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import styles from './page.module.css'

/** What happened? A task's log on a page of its own; `#B1234` opens it at a byte. */
export function LogPage() {
  const params = useParams<{ task: string }>()
  const location = useLocation()
  const task = createRead<Task>(() => `/tasks/${params.task}`)
  const offset = () => {
    const match = /^#B(\d+)$/.exec(location.hash)
    return match ? Number(match[1]) : undefined
  }
  return (
    <div class={styles.page}>
      <Show when={task.data()}>
        {(data) => (
          <p class="row-gap">
            <A href={`/jobs/${data().job_id}/tasks/${data().id}`}>{data().name}</A>
            <StatusWord kind="task" status={data().status} />
          </p>
        )}
      </Show>
      <LogView taskId={params.task!} tools offset={offset()} />
    </div>
  )
}
