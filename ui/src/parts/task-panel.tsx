import { canDoToTask } from '@shaman-farm/manager-api/status'
import { A } from '@solidjs/router'
import { createSignal, For, Show } from 'solid-js'
import { actOnEach, setTaskStatus } from '../farm/acts.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import type { Attempts, Task } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { AttemptList } from './attempt-list.tsx'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './glyph.tsx'
import { LogView } from './log-view.tsx'
import { StatusWord } from './status-word.tsx'
import styles from './task-panel.module.css'
import { Told } from './told.tsx'

/** One task: its state, every attempt at it, what it runs, and its log. */
export function TaskPanel(props: { jobId: string; taskId: string }) {
  const farm = useFarm()
  const task = createRead<Task>(() => `/tasks/${props.taskId}`, { soonMs: 300 })
  const attempts = createRead<Attempts>(() => `/farm/tasks/${props.taskId}/attempts`, {
    soonMs: 500,
  })
  const [offset, setOffset] = createSignal<number>()
  farm.on('task', (event) => {
    if (event.id !== props.taskId) return
    task.reloadSoon()
    attempts.reloadSoon()
  })
  return (
    <div class="stack">
      <Told
        read={task}
        what="the task"
        above={{ href: `/jobs/${props.jobId}/tasks`, label: 'All tasks' }}
      >
        {(data) => (
          <section class="card" aria-label="Task">
            <header>
              <h2>{data().name}</h2>
              <StatusWord kind="task" status={data().status} />
              <span class="spread row-gap">
                <TaskActions task={data()} />
                <A
                  class="button quiet icon"
                  href={`/jobs/${props.jobId}/tasks`}
                  aria-label="Close the task"
                >
                  <Icon name="close" />
                </A>
              </span>
            </header>
            <Facts task={data()} />
            <AttemptList
              attempts={attempts.data()?.attempts ?? []}
              onLog={(attempt) => setOffset(attempt.log_start)}
            />
            <Commands task={data()} />
          </section>
        )}
      </Told>
      <LogView taskId={props.taskId} tools offset={offset()} />
    </div>
  )
}

function TaskActions(props: { task: Task }) {
  const run = async (status: 'queued' | 'canceled'): Promise<void> => {
    const results = await actOnEach([props.task.id], (id) => setTaskStatus(id, status))
    tellOutcome(
      status === 'queued' ? 'Requeued' : 'Canceled',
      'task',
      results,
      () => props.task.name,
    )
  }
  return (
    <>
      <Show when={canDoToTask('requeue', props.task.status)}>
        <button type="button" class="button" onClick={() => void run('queued')}>
          Requeue
        </button>
      </Show>
      <Show when={canDoToTask('cancel', props.task.status)}>
        <button type="button" class="button" onClick={() => void run('canceled')}>
          Cancel
        </button>
      </Show>
    </>
  )
}

function Facts(props: { task: Task }) {
  const task = () => props.task
  return (
    <dl class="facts">
      <Show when={task().activity}>
        <dt>Activity</dt>
        <dd>{task().activity}</dd>
      </Show>
      <Show when={task().frames}>
        <dt>Frames</dt>
        <dd class="mono">{task().frames}</dd>
      </Show>
      <dt>Worker</dt>
      <dd>
        <Show when={task().worker?.id} fallback="none yet">
          <A href={`/workers/${task().worker?.id}`}>{task().worker?.name}</A>
        </Show>
      </dd>
      <dt>Steps</dt>
      <dd>
        {task().steps_completed} of {task().steps_total}
      </dd>
      <Show when={(task().failed_by_workers?.length ?? 0) > 0}>
        <dt>Failed by</dt>
        <dd>
          <For each={task().failed_by_workers}>
            {(worker, index) => (
              <>
                {index() > 0 ? ', ' : ''}
                <A href={`/workers/${worker.id}`}>{worker.name}</A>
              </>
            )}
          </For>
        </dd>
      </Show>
      <dt>Changed</dt>
      <dd>
        <Ago time={task().updated} />
        <Show when={task().last_output_at}>
          <span class="muted">
            {' '}
            · last output <Ago time={task().last_output_at} />
          </span>
        </Show>
      </dd>
      <dt>Type</dt>
      <dd>
        {task().task_type}, priority {task().priority}
      </dd>
      <dt>Id</dt>
      <dd class={styles.id}>
        <code>{task().id}</code>
        <CopyButton text={() => task().id} what="the task id" />
      </dd>
    </dl>
  )
}

function Commands(props: { task: Task }) {
  return (
    <details class={styles.commands}>
      <summary>{formatCount(props.task.commands.length, 'command')}</summary>
      <For each={props.task.commands}>
        {(command) => (
          <div>
            <h3>{command.name}</h3>
            <dl class={styles.parameters}>
              <For each={Object.entries(command.parameters)}>
                {([key, value]) => (
                  <>
                    <dt>{key}</dt>
                    <dd>
                      <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
                    </dd>
                  </>
                )}
              </For>
            </dl>
          </div>
        )}
      </For>
    </details>
  )
}
