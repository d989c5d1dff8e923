import { A } from '@solidjs/router'
import { createSignal, For, onCleanup, Show } from 'solid-js'
import { createEarlierJobs } from '../farm/earlier-jobs.ts'
import { formatCount } from '../farm/format.ts'
import { useJob } from '../farm/job-context.ts'
import type { FarmJob } from '../farm/wire.ts'
import { CheckoutContents } from '../parts/checkout-contents.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { LackingFiles } from '../parts/lacking-files.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { Submission } from '../parts/submission.tsx'
import { needsLook, type TraceReport, traceCheckout } from '../submit/trace.ts'
import page from './page.module.css'

/** What was sent for this job, what of it was new, and whether anything is missing. */
export function JobSubmission() {
  const { job } = useJob()
  const checkout = () => job.data()?.storage?.shaman_checkout_id
  return (
    <div class={page.two}>
      <Show
        when={checkout()}
        keyed
        fallback={
          <section class="card" aria-label="Files">
            <EmptyState
              icon="disk"
              title="This job has no checkout"
              sentence="It was sent as a path on the shared storage, so the store knows none of its files."
            />
          </section>
        }
      >
        {(path) => <CheckoutContents path={path} />}
      </Show>
      <div class="stack">
        <section class="card" aria-label="Submission">
          <Submission job={job.data()!} />
        </section>
        <Earlier job={job.data()!} />
        <Show when={sceneIn(job.data())}>{(scene) => <Trace {...scene()} />}</Show>
      </div>
    </div>
  )
}

/** Jobs of the same shot, each with what changed since. */
function Earlier(props: { job: FarmJob }) {
  const earlier = createEarlierJobs(() => props.job)
  return (
    <Show when={earlier().length > 0}>
      <section class="card" aria-label="Same shot">
        <header>
          <h2>Same shot</h2>
        </header>
        <ul>
          <For each={earlier()}>
            {(other) => (
              <li class="row-gap">
                <A href={`/jobs/${other.id}/submission`}>{other.name}</A>
                <StatusWord kind="job" status={other.status} />
                <A class="spread" href={`/jobs/${props.job.id}/diff/${other.id}`}>
                  What changed since
                </A>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  )
}

/** Reads the scene again where it lies now: what is missing shows before a worker stumbles on it. */
function Trace(props: { checkout: string; blend: string }) {
  const [report, setReport] = createSignal<TraceReport>()
  const [busy, setBusy] = createSignal(false)
  const stopper = new AbortController()
  onCleanup(() => stopper.abort())
  const run = async (): Promise<void> => {
    setBusy(true)
    const found = await traceCheckout(props.checkout, props.blend, stopper.signal).catch(
      () => undefined,
    )
    setReport(found)
    setBusy(false)
  }
  return (
    <section class="card" aria-label="What the scene needs">
      <header>
        <h2>What the scene needs</h2>
        <button type="button" class="button spread" disabled={busy()} onClick={() => void run()}>
          {busy() ? 'Looking…' : 'Look for missing files'}
        </button>
      </header>
      <p class="muted mono">{props.blend}</p>
      <Show when={report()}>
        {(found) => (
          <Show
            when={needsLook(found())}
            fallback={
              <p>
                {found().untold ??
                  `${formatCount(found().used, 'file')} used, and all are in the checkout.`}
              </p>
            }
          >
            <p>{found().unreadable}</p>
            <LackingFiles files={found().lacking} />
          </Show>
        )}
      </Show>
    </section>
  )
}

/** The job's scene, where it lies in its checkout. */
function sceneIn(job: FarmJob | undefined): { checkout: string; blend: string } | undefined {
  const checkout = job?.storage?.shaman_checkout_id
  const blendfile = job?.settings?.blendfile
  if (!checkout || typeof blendfile !== 'string') return undefined
  const at = blendfile.indexOf(`${checkout}/`)
  return at < 0 ? undefined : { checkout, blend: blendfile.slice(at + checkout.length + 1) }
}
