import { For } from 'solid-js'
import { taskLooks, taskStatusOrder } from '../farm/status.ts'
import type { TaskCounts } from '../farm/wire.ts'
import styles from './progress-bar.module.css'

/** A job's tasks by status, as one bar: done first, waiting last. */
export function ProgressBar(props: { counts: TaskCounts; thick?: boolean }) {
  const total = () => taskStatusOrder.reduce((sum, status) => sum + props.counts[status], 0)
  const words = () =>
    taskStatusOrder
      .filter((status) => props.counts[status] > 0)
      .map((status) => `${props.counts[status]} ${taskLooks[status].label}`)
      .join(', ')
  return (
    <div
      class={styles.bar}
      data-thick={props.thick ? '' : undefined}
      role="img"
      aria-label={words() || 'no tasks'}
      title={words()}
    >
      <For each={taskStatusOrder}>
        {(status) => (
          <span
            data-status={status}
            style={{
              width: `${total() === 0 ? 0 : (100 * props.counts[status]) / total()}%`,
              // One failed task in ten thousand must still be seen.
              'min-width': props.counts[status] > 0 && status !== 'queued' ? '2px' : '0',
            }}
          />
        )}
      </For>
    </div>
  )
}
