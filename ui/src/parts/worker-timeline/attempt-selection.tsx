import { createMemo } from 'solid-js'
import { actOnEach, cancelableTasks, requeueableTasks, setTaskStatus } from '../../farm/acts.ts'
import { tellOutcome } from '../../farm/do-acts.ts'
import { formatCount } from '../../farm/format.ts'
import type { Attempt } from '../../farm/wire.ts'

/** What can be done to the tasks of the chosen attempts. */
export function AttemptSelection(props: { attempts: readonly Attempt[]; onClear: () => void }) {
  const tasks = createMemo(() => new Map(props.attempts.map((one) => [one.task_id, one])))
  const idsIn = (statuses: ReadonlySet<string>): string[] =>
    [...tasks()].filter(([, one]) => statuses.has(one.task_status)).map(([id]) => id)
  const act = async (status: 'queued' | 'canceled', ids: readonly string[]): Promise<void> => {
    const names = new Map([...tasks()].map(([id, one]) => [id, one.task_name]))
    const results = await actOnEach(ids, (id) => setTaskStatus(id, status))
    const past = status === 'queued' ? 'Requeued' : 'Canceled'
    tellOutcome(past, 'task', results, (id) => names.get(id) ?? id)
  }
  return (
    <div class="row-gap spread" role="toolbar" aria-label="Chosen attempts">
      <span class="muted">
        {formatCount(props.attempts.length, 'attempt')}, {formatCount(tasks().size, 'task')}
      </span>
      <button
        type="button"
        class="button"
        disabled={idsIn(requeueableTasks).length === 0}
        onClick={() => void act('queued', idsIn(requeueableTasks))}
      >
        Requeue {formatCount(idsIn(requeueableTasks).length, 'task')}
      </button>
      <button
        type="button"
        class="button"
        disabled={idsIn(cancelableTasks).length === 0}
        onClick={() => void act('canceled', idsIn(cancelableTasks))}
      >
        Cancel {formatCount(idsIn(cancelableTasks).length, 'task')}
      </button>
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear
      </button>
    </div>
  )
}
