import { canDoToTask, type TaskAction } from '@shaman-farm/manager-api/status'
import { actOnEach, setTaskStatus } from '../farm/acts.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { formatCount } from '../farm/format.ts'
import type { TaskRow } from '../farm/wire.ts'
import styles from './task-table.module.css'

/** What can be done to the tasks that are chosen. */
export function TaskSelection(props: { tasks: readonly TaskRow[]; onClear: () => void }) {
  const able = (act: TaskAction) => props.tasks.filter((task) => canDoToTask(act, task.status))
  const run = async (act: TaskAction): Promise<void> => {
    const tasks = able(act)
    const names = new Map(tasks.map((task) => [task.id, task.name]))
    const results = await actOnEach([...names.keys()], (id) =>
      setTaskStatus(id, act === 'requeue' ? 'queued' : 'canceled'),
    )
    tellOutcome(
      act === 'requeue' ? 'Requeued' : 'Canceled',
      'task',
      results,
      (id) => names.get(id) ?? id,
    )
  }
  const words = (act: TaskAction, verb: string): string => {
    const count = able(act).length
    return count > 0 && count < props.tasks.length
      ? `${verb} ${count} of ${props.tasks.length}`
      : verb
  }
  return (
    <div class={styles.bar} role="toolbar" aria-label="Selected tasks">
      <span>{formatCount(props.tasks.length, 'task')} selected</span>
      <button
        type="button"
        class="button"
        disabled={able('requeue').length === 0}
        onClick={() => void run('requeue')}
      >
        {words('requeue', 'Requeue')}
      </button>
      <button
        type="button"
        class="button"
        disabled={able('cancel').length === 0}
        onClick={() => void run('cancel')}
      >
        {words('cancel', 'Cancel')}
      </button>
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear selection
      </button>
    </div>
  )
}
