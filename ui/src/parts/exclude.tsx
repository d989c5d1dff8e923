import { createEffect, createMemo, createSignal, For, type JSX } from 'solid-js'
import { type Exclusion, exclude } from '../farm/exclusion.ts'
import { type Orphaned, orphanedBy } from '../farm/left-workers.ts'
import type { JobRow, WorkerRow } from '../farm/wire.ts'
import { createWorkers } from '../farm/workers.ts'
import { Dialog } from './dialog.tsx'
import { tellOrphaned } from './exclude-button.tsx'
import { Glyph } from './glyph.tsx'
import styles from './job-actions.module.css'
import { Told } from './told.tsx'

type Excludable = Pick<WorkerRow, 'id' | 'name' | 'supported_task_types'>

/** Keeps a worker off a type of this job's tasks. */
export function ExcludeWorker(props: { jobId: string; onDone: () => void }) {
  return (
    <Excluding title="Exclude a worker from this job">
      {(close) => <WorkerForm {...props} close={close} />}
    </Excluding>
  )
}

function WorkerForm(props: { jobId: string; onDone: () => void; close: () => void }) {
  const workers = createWorkers()
  const [chosen, setChosen] = createSignal<string>()
  return (
    <Told read={workers} what="the workers">
      {(data) => {
        const worker = () => data().workers.find((one) => one.id === chosen()) ?? data().workers[0]
        return (
          <ExcludeForm
            worker={worker()}
            jobId={props.jobId}
            onDone={props.onDone}
            close={props.close}
          >
            <label>
              Worker
              <select class="input" onChange={(event) => setChosen(event.currentTarget.value)}>
                <For each={data().workers}>
                  {(one) => <option value={one.id}>{one.name}</option>}
                </For>
              </select>
            </label>
          </ExcludeForm>
        )
      }}
    </Told>
  )
}

/** Keeps this worker off a type of a job's tasks. */
export function ExcludeFromJob(props: {
  worker: Excludable
  jobs: readonly JobRow[]
  onDone: () => void
}) {
  const [chosen, setChosen] = createSignal<string>()
  return (
    <Excluding title={`Exclude ${props.worker.name} from a job`}>
      {(close) => (
        <ExcludeForm
          worker={props.worker}
          jobId={chosen() ?? props.jobs[0]?.id}
          onDone={props.onDone}
          close={close}
        >
          <label>
            Job
            <select class="input" onChange={(event) => setChosen(event.currentTarget.value)}>
              <For
                each={props.jobs}
                fallback={<option value="">no job is waiting or running</option>}
              >
                {(job) => <option value={job.id}>{job.name}</option>}
              </For>
            </select>
          </label>
        </ExcludeForm>
      )}
    </Excluding>
  )
}

function Excluding(props: { title: string; children: (close: () => void) => JSX.Element }) {
  const [open, setOpen] = createSignal(false)
  return (
    <>
      <button type="button" class="button spread" onClick={() => setOpen(true)}>
        Exclude…
      </button>
      <Dialog open={open()} onClose={() => setOpen(false)} title={props.title}>
        {props.children(() => setOpen(false))}
      </Dialog>
    </>
  )
}

function ExcludeForm(props: {
  worker: Excludable | undefined
  jobId: string | undefined
  onDone: () => void
  close: () => void
  children: JSX.Element
}) {
  const [type, setType] = createSignal<string>()
  const one = createMemo(
    (): Exclusion | undefined => {
      const { worker, jobId } = props
      if (!worker || !jobId) return undefined
      const types = worker.supported_task_types
      const taskType = types.find((known) => known === type()) ?? types[0]
      return taskType === undefined
        ? undefined
        : { jobId, workerId: worker.id, workerName: worker.name, taskType }
    },
    undefined,
    // Every event of a worker makes it another object.
    { equals: (before, after) => JSON.stringify(before) === JSON.stringify(after) },
  )
  const [orphaned, setOrphaned] = createSignal<readonly Orphaned[]>([])
  createEffect(() => {
    const asked = one()
    setOrphaned([])
    if (!asked) return
    const tell = (found: readonly Orphaned[]) => asked === one() && setOrphaned(found)
    void orphanedBy([asked]).then(tell, () => {})
  })
  const save = (event: SubmitEvent): void => {
    event.preventDefault()
    const known = one()
    if (!known) return
    props.close()
    void exclude([known], props.onDone)
  }
  return (
    <form class={styles.form} onSubmit={save}>
      {props.children}
      <label>
        Type of task
        <select class="input" onChange={(event) => setType(event.currentTarget.value)}>
          <For each={props.worker?.supported_task_types}>{(one) => <option>{one}</option>}</For>
        </select>
      </label>
      <p class="muted">
        What it runs it finishes. It gets no more of them until somebody allows it again.
      </p>
      <For each={orphaned()}>
        {(known) => (
          <p class="row-gap" role="status">
            <Glyph name="bang" />
            <span>{tellOrphaned(known)}</span>
          </p>
        )}
      </For>
      <button type="submit" class="button primary" disabled={!one()}>
        Exclude {props.worker?.name}
      </button>
    </form>
  )
}
