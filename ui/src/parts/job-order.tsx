import { createSignal, For } from 'solid-js'
import { actOnEach, setJobPriority, setJobTag } from '../farm/acts.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { createRead } from '../farm/read.ts'
import type { Shortcut } from '../farm/shortcuts.ts'
import type { WorkerTagList } from '../farm/wire.ts'
import { Dialog } from './dialog.tsx'
import styles from './job-actions.module.css'

export interface Ordered {
  id: string
  name: string
  priority: number
  worker_tag?: string | undefined
}

/** Which jobs come first and where they may run: for one job or for many. */
export function JobOrder(props: { jobs: readonly Ordered[] }) {
  const [asking, setAsking] = createSignal<'priority' | 'tag'>()
  const close = (): void => void setAsking(undefined)
  const only = () => (props.jobs.length === 1 ? props.jobs[0] : undefined)
  return (
    <>
      <button
        type="button"
        class="button"
        data-act="priority"
        onClick={() => setAsking('priority')}
      >
        Priority {only()?.priority}
      </button>
      <button type="button" class="button" data-act="tag" onClick={() => setAsking('tag')}>
        Tag
      </button>
      <Dialog open={asking() === 'priority'} onClose={close} title="Priority">
        <PriorityForm jobs={props.jobs} onDone={close} />
      </Dialog>
      <Dialog open={asking() === 'tag'} onClose={close} title="Tag">
        <TagForm jobs={props.jobs} onDone={close} />
      </Dialog>
    </>
  )
}

function PriorityForm(props: { jobs: readonly Ordered[]; onDone: () => void }) {
  let input!: HTMLInputElement
  const save = (event: SubmitEvent): void => {
    event.preventDefault()
    props.onDone()
    void changePriority(props.jobs, () => input.valueAsNumber)
  }
  return (
    <form class={styles.form} onSubmit={save}>
      <label>
        Between 0 and 100; workers take higher first
        <input
          ref={input}
          class="input"
          type="number"
          min="0"
          max="100"
          required
          value={props.jobs[0]?.priority ?? 50}
        />
      </label>
      <button type="submit" class="button primary">
        Set the priority
      </button>
    </form>
  )
}

function TagForm(props: { jobs: readonly Ordered[]; onDone: () => void }) {
  let select!: HTMLSelectElement
  const tags = createRead<WorkerTagList>(() => '/worker-mgt/tags')
  const save = (event: SubmitEvent): void => {
    event.preventDefault()
    props.onDone()
    const id = select.value
    const name = tags.data()?.tags?.find((tag) => tag.id === id)?.name
    void change(
      name === undefined ? 'Any worker may take' : `Only workers with ${name} take`,
      props.jobs,
      (job) => setJobTag(job.id, id),
      (job) => setJobTag(job.id, job.worker_tag ?? ''),
    )
  }
  return (
    <form class={styles.form} onSubmit={save}>
      <label>
        Only workers with this tag take its tasks
        <select ref={select} class="input">
          <option value="">any worker</option>
          <For each={tags.data()?.tags}>
            {(tag) => (
              <option value={tag.id} selected={tag.id === props.jobs[0]?.worker_tag}>
                {tag.name}
              </option>
            )}
          </For>
        </select>
      </label>
      <button type="submit" class="button primary">
        Set the tag
      </button>
    </form>
  )
}

/** Sets jobs' priorities, within what the manager takes, and offers the way back. */
export function changePriority(
  jobs: readonly Ordered[],
  next: (before: number) => number,
): Promise<void> {
  const wanted = (job: Ordered) => Math.min(100, Math.max(0, next(job.priority)))
  return change(
    `Priority ${jobs[0] ? wanted(jobs[0]) : ''} for`,
    jobs,
    (job) => setJobPriority(job.id, wanted(job)),
    (job) => setJobPriority(job.id, job.priority),
  )
}

const keyStep = 10

/** The keys that put jobs before or after others. */
export function priorityShortcuts(jobs: () => readonly Ordered[], whose: string): Shortcut[] {
  const by = (step: number): void => {
    if (jobs().length > 0) void changePriority(jobs(), (before) => before + step)
  }
  return [
    { keys: '+', label: `Raise the priority of ${whose}`, group: 'Job', run: () => by(keyStep) },
    { keys: '-', label: `Lower the priority of ${whose}`, group: 'Job', run: () => by(-keyStep) },
  ]
}

async function change(
  past: string,
  jobs: readonly Ordered[],
  act: (job: Ordered) => Promise<unknown>,
  takeBack: (job: Ordered) => Promise<unknown>,
): Promise<void> {
  // As they are now: what is shown changes before somebody takes it back.
  const before = new Map(jobs.map((job) => [job.id, { ...job }]))
  const nameOf = (id: string): string => before.get(id)?.name ?? id
  const results = await actOnEach([...before.keys()], (id) => act(before.get(id)!))
  const done = results.filter((result) => !result.error).map((result) => result.key)
  const undo = async (): Promise<void> => {
    const undone = await actOnEach(done, (id) => takeBack(before.get(id)!))
    tellOutcome('Took it back for', 'job', undone, nameOf)
  }
  tellOutcome(past, 'job', results, nameOf, done.length > 0 ? () => void undo() : undefined)
}
