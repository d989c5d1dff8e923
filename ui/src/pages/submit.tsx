import { useNavigate } from '@solidjs/router'
import { createSignal, Show } from 'solid-js'
import { asApiError } from '../farm/api.ts'
import { formatBytes, formatCount, formatPercent } from '../farm/format.ts'
import { toast } from '../farm/toasts.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { Icon } from '../parts/glyph.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { OrderFields } from '../parts/submit/order-fields.tsx'
import { ProgressLine } from '../parts/submit/progress-line.tsx'
import styles from '../parts/submit/submit.module.css'
import { TraceReportCard } from '../parts/submit/trace-report.tsx'
import { Told } from '../parts/told.tsx'
import { createOrder } from '../submit/order.ts'
import { type Project, projectOfDrop, projectOfInput } from '../submit/project.ts'
import { createSubmission } from '../submit/submission.ts'
import { needsLook } from '../submit/trace.ts'
import type { Negotiated } from '../submit/upload.ts'
import page from './page.module.css'

/** Send a project from here: hashed in the browser, and only what the store lacks is uploaded. */
export function Submit() {
  const [project, setProject] = createSignal<Project>()
  return (
    <div class={page.page}>
      <PageHead above={{ href: '/jobs', label: 'Jobs' }} title="Submit a project" />
      <Show when={project()} keyed fallback={<Drop onProject={setProject} />}>
        {(chosen) => <Form project={chosen} onOther={() => setProject(undefined)} />}
      </Show>
    </div>
  )
}

function Drop(props: { onProject: (project: Project) => void }) {
  const [over, setOver] = createSignal(false)
  const [reading, setReading] = createSignal(false)
  let input!: HTMLInputElement
  const take = async (read: () => Promise<Project> | Project): Promise<void> => {
    setReading(true)
    try {
      props.onProject(await read())
    } catch (cause) {
      toast(`The folder cannot be read. ${asApiError(cause).message}`)
    }
    setReading(false)
  }
  const onDrop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const items = event.dataTransfer?.items
    if (items) void take(() => projectOfDrop(items))
  }
  return (
    <section
      class={styles.drop}
      data-over={over() ? '' : undefined}
      aria-label="Drop a project"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <input
        ref={(element) => {
          input = element
          element.webkitdirectory = true
        }}
        type="file"
        class="sr-only"
        tabindex="-1"
        aria-label="Project folder"
        multiple
        onChange={() => input.files?.length && void take(() => projectOfInput(input.files!))}
      />
      <EmptyState
        icon="upload"
        title={reading() ? 'Reading the folder…' : 'Drop the project folder here'}
        sentence="It is hashed in this browser; only files the farm does not have yet are uploaded. Everything the .blend uses must lie in the folder, with relative paths."
        action={
          <button type="button" class="button primary" onClick={() => input.click()}>
            Choose a folder
          </button>
        }
      />
    </section>
  )
}

function Form(props: { project: Project; onOther: () => void }) {
  const navigate = useNavigate()
  const order = createOrder(props.project)
  const submission = createSubmission(props.project, (job, { receipt, report }) => {
    toast(tellSubmitted(job.name, props.project.bytes, receipt, report?.untold !== undefined))
    navigate(`/jobs/${job.id}`)
  })
  const busy = () => submission.progress() !== undefined
  const lacking = () => {
    const report = submission.report()
    return report && needsLook(report) && !busy() ? report : undefined
  }
  return (
    <form
      class={page.two}
      onSubmit={(event) => {
        event.preventDefault()
        void submission.run(order)
      }}
    >
      <section class="card" aria-label="Job">
        <Told read={order.needed} what="the job types">
          {() => <OrderFields order={order} blends={props.project.blends} busy={busy()} />}
        </Told>
      </section>
      <div class="stack">
        <section class="card" aria-label="Project">
          <header>
            <h2>{props.project.name}</h2>
            <button
              type="button"
              class="button spread"
              disabled={busy()}
              onClick={() => props.onOther()}
            >
              Choose another
            </button>
          </header>
          <ProjectFacts project={props.project} receipt={submission.receipt()} />
          <Show when={submission.progress()}>{(now) => <ProgressLine progress={now()} />}</Show>
          <Show when={submission.error()}>{(cause) => <ErrorPanel error={cause()} />}</Show>
          <div class={`row-gap ${styles.acts}`}>
            <button type="submit" class="button primary" disabled={busy() || !order.isReady()}>
              <Icon name="upload" size={14} />
              Submit {formatBytes(props.project.bytes)}
            </button>
            <Show when={busy()}>
              <button type="button" class="button" onClick={submission.stop}>
                Stop
              </button>
            </Show>
          </div>
        </section>
        <Show when={lacking()}>
          {(report) => (
            <TraceReportCard
              report={report()}
              onGoOn={() => void submission.run(order, { evenIfLacking: true })}
              onOther={props.onOther}
            />
          )}
        </Show>
      </div>
    </form>
  )
}

function ProjectFacts(props: { project: Project; receipt: Negotiated | undefined }) {
  return (
    <dl class="facts">
      <dt>Files</dt>
      <dd>{formatCount(props.project.files.length, 'file')}</dd>
      <dt>Size</dt>
      <dd>{formatBytes(props.project.bytes)}</dd>
      <Show when={props.receipt}>
        {(found) => (
          <>
            <dt>In the store</dt>
            <dd>
              {formatCount(found().storedFiles, 'file')}, {formatBytes(found().storedBytes)} (
              {formatPercent(found().storedBytes, props.project.bytes)})
            </dd>
            <dt>To upload</dt>
            <dd>{formatCount(found().missing.length, 'blob')}</dd>
          </>
        )}
      </Show>
    </dl>
  )
}

function tellSubmitted(name: string, bytes: number, receipt: Negotiated, untold: boolean): string {
  const sent = formatBytes(bytes - receipt.storedBytes)
  const there = formatPercent(receipt.storedBytes, bytes)
  const trace = untold ? ' Whether files are missing is not known.' : ''
  return `Submitted ${name}: ${sent} uploaded, ${there} was there already.${trace}`
}
