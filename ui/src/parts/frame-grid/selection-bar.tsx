import { useNavigate } from '@solidjs/router'
import { createMemo, Show } from 'solid-js'
import { actOnEach, cancelableTasks, requeueableTasks, setTaskStatus } from '../../farm/acts.ts'
import { tellOutcome } from '../../farm/do-acts.ts'
import { downloadFrames } from '../../farm/download.ts'
import { formatCount } from '../../farm/format.ts'
import { formatFrames } from '../../farm/frame-range.ts'
import { type Frames, statusAt } from '../../farm/frames-buffer.ts'
import { CopyButton } from '../copy-button.tsx'
import styles from './grid.module.css'
import { stepOf } from './summary.ts'

/** The chosen cells in Blender's range syntax, and what can be done to their tasks. */
export function GridSelection(props: {
  jobId: string
  frames: Frames
  chosen: ReadonlySet<number>
  onClear: () => void
}) {
  const navigate = useNavigate()
  const indices = createMemo(() => [...props.chosen].sort((a, b) => a - b))
  const numbers = () => indices().map((index) => props.frames.number[index]!)
  const range = () => formatFrames(numbers(), stepOf(props.frames))
  const tasksIn = (statuses: ReadonlySet<string>): string[] => [
    ...new Set(
      indices()
        .filter((index) => statuses.has(statusAt(props.frames, index)))
        .map((index) => props.frames.taskIds[props.frames.task[index]!]!),
    ),
  ]
  const tasks = createMemo(() => new Set(indices().map((index) => props.frames.task[index]!)).size)
  const noun = () => (props.frames.kind === 'frames' ? 'frame' : 'task')
  const act = async (status: 'queued' | 'canceled'): Promise<void> => {
    const ids = tasksIn(status === 'queued' ? requeueableTasks : cancelableTasks)
    const results = await actOnEach(ids, (id) => setTaskStatus(id, status))
    tellOutcome(status === 'queued' ? 'Requeued' : 'Canceled', 'task', results, (id) => nameOf(id))
  }
  const nameOf = (id: string): string => {
    const task = props.frames.taskIds.indexOf(id)
    const numbers = indices()
      .filter((index) => props.frames.task[index] === task)
      .map((index) => props.frames.number[index]!)
    return `${noun()} ${formatFrames(numbers, stepOf(props.frames))}`
  }
  return (
    <div class={styles.selection} role="toolbar" aria-label="Chosen frames">
      <span class={styles.range}>
        <span class="mono">{range()}</span>{' '}
        <span class="muted">
          ({formatCount(indices().length, noun())}
          {props.frames.kind === 'frames' ? `, ${formatCount(tasks(), 'task')}` : ''})
        </span>
      </span>
      <CopyButton text={range} label="Copy" />
      <button
        type="button"
        class="button"
        disabled={tasksIn(requeueableTasks).length === 0}
        onClick={() => void act('queued')}
      >
        Requeue {formatCount(tasksIn(requeueableTasks).length, 'task')}
      </button>
      <button
        type="button"
        class="button"
        disabled={tasksIn(cancelableTasks).length === 0}
        onClick={() => void act('canceled')}
      >
        Cancel {formatCount(tasksIn(cancelableTasks).length, 'task')}
      </button>
      <button
        type="button"
        class="button"
        onClick={() => {
          const first = props.frames.taskIds[props.frames.task[indices()[0]!]!]
          if (first) navigate(`/jobs/${props.jobId}/tasks/${first}`)
        }}
      >
        Open
      </button>
      <Show when={props.frames.kind === 'frames'}>
        <button
          type="button"
          class="button"
          title="What these frames rendered, as one archive"
          onClick={() => void downloadFrames(props.jobId, numbers())}
        >
          Download
        </button>
      </Show>
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear
      </button>
    </div>
  )
}
