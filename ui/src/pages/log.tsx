import { A, useLocation, useParams } from '@solidjs/router'
import { createSignal } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import type { Attempts, Task } from '../farm/wire.ts'
import { AttemptSwitch } from '../parts/attempt-switch.tsx'
import { LogView } from '../parts/log-view.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { Told } from '../parts/told.tsx'
import styles from './page.module.css'

/** What happened? A task's log on a page of its own; `#L120` opens it at a line, `#B4096` at a byte. */
export function LogPage() {
  const params = useParams<{ task: string }>()
  const location = useLocation()
  const farm = useFarm()
  const task = createRead<Task>(() => `/tasks/${params.task}`, { soonMs: 500 })
  const attempts = createRead<Attempts>(() => `/farm/tasks/${params.task}/attempts`, {
    soonMs: 500,
  })
  const [attemptAt, setAttemptAt] = createSignal<number>()
  farm.on('task', (event) => {
    if (event.id !== params.task) return
    task.reloadSoon()
    attempts.reloadSoon()
  })
  const place = (letter: 'L' | 'B'): number | undefined => {
    const match = /^#([LB])(\d+)$/.exec(location.hash)
    return match?.[1] === letter ? Number(match[2]) : undefined
  }
  return (
    <div class={styles.page}>
      <Told read={task} what="the task" above={{ href: '/jobs', label: 'All jobs' }}>
        {(data) => (
          <div class={styles.head}>
            <h1>
              <A href={`/jobs/${data().job_id}/tasks/${data().id}`}>{data().name}</A>
            </h1>
            <StatusWord kind="task" status={data().status} />
            <AttemptSwitch attempts={attempts.data()?.attempts ?? []} onChoose={setAttemptAt} />
          </div>
        )}
      </Told>
      <LogView
        taskId={params.task!}
        tools
        tall
        offset={attemptAt() ?? place('B')}
        lineNumber={place('L')}
      />
    </div>
  )
}
