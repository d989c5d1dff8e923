import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { formatCount } from '../farm/format.ts'
import type { Rows } from '../farm/rows.ts'
import type { TaskRow } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { StatusWord } from './status-word.tsx'
import styles from './task-table.module.css'

/** A row whose task is on its way: it keeps its place and its number. */
export function AwaitedTask(props: { row: number; number: number | string }) {
  return (
    <tr class={styles.row} aria-rowindex={props.row} data-awaited="">
      <td class={styles.index}>{props.number}</td>
      <td class={`faint ${styles.status}`}>…</td>
      <td colspan="5" />
    </tr>
  )
}

/** A task, in one line. */
export function TaskLine(props: { task: TaskRow; jobId: string; rows: Rows; open: boolean }) {
  const task = () => props.task
  return (
    <tr
      class={styles.row}
      data-key={task().id}
      data-open={props.open ? '' : undefined}
      aria-rowindex={task().index_in_job + 1}
      aria-selected={props.rows.selected(task().id)}
      tabindex={props.rows.current() === task().id ? 0 : -1}
      onClick={(event) => props.rows.onClick(task().id, event)}
    >
      <td class={styles.index}>{task().index_in_job}</td>
      <td class={styles.status}>
        <StatusWord kind="task" status={task().status} />
      </td>
      <td class={styles.name}>
        <A href={`/jobs/${props.jobId}/tasks/${task().id}`} tabindex="-1" title={task().activity}>
          {task().name}
        </A>
        <Show when={task().waits_for > 0 && task().status === 'queued'}>
          <span class="faint"> waits for {formatCount(task().waits_for, 'task')}</span>
        </Show>
      </td>
      <td class={styles.steps}>
        {task().steps_completed}/{task().steps_total}
      </td>
      <td class={styles.worker}>
        <Show when={task().worker?.id} fallback={<span class="faint">–</span>}>
          {task().worker?.name}
        </Show>
      </td>
      <td class={styles.tries}>{task().attempts}</td>
      <td class={styles.updated}>
        <Ago time={task().updated} />
      </td>
    </tr>
  )
}
