import { A } from '@solidjs/router'
import { createMemo, Index, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import { placed } from '../farm/steady.ts'
import type { JobStatus, JobWhy } from '../farm/wire.ts'
import { Told } from './told.tsx'
import styles from './why-panel.module.css'

/** Why a job does not move, or not faster: the scheduler's own reasons. */
export function WhyPanel(props: { jobId: string; status: JobStatus }) {
  const farm = useFarm()
  const moving = () => ['active', 'queued', 'pause-requested', 'requeueing'].includes(props.status)
  const why = createRead<JobWhy>(() => (moving() ? `/farm/jobs/${props.jobId}/why` : undefined), {
    soonMs: 2000,
    key: 'code',
    everyMs: 30_000,
  })
  farm.on('task', (event) => event.job_id === props.jobId && why.reloadSoon())
  farm.on('worker', () => why.reloadSoon())
  return (
    <Show when={moving()}>
      <div class={styles.why}>
        <h2>{props.status === 'active' ? 'Why is it not faster?' : 'Why does it not start?'}</h2>
        <Told read={why} what="the scheduler’s reasons">
          {(data) => (
            <>
              <p>{data().summary}</p>
              <Reasons jobId={props.jobId} reasons={data().reasons} />
            </>
          )}
        </Told>
      </div>
    </Show>
  )
}

/** Each in its place for as long as it holds, with room for those that come. */
function Reasons(props: { jobId: string; reasons: JobWhy['reasons'] }) {
  const codes = createMemo<(Code | undefined)[]>(
    (before) =>
      placed(
        before,
        props.reasons.map(({ code }) => code),
      ),
    [],
  )
  return (
    <ul class={styles.reasons}>
      <Index each={codes()}>
        {(code) => (
          <Show
            when={props.reasons.find((reason) => reason.code === code())}
            fallback={<li aria-hidden="true" class={styles.free} />}
          >
            {(reason) => (
              <li>
                <Show when={placeOf(reason().code, props.jobId)} fallback={reason().message}>
                  {(href) => <A href={href()}>{reason().message}</A>}
                </Show>
                <Show when={reason().hint}>
                  <span class="muted"> {reason().hint}</span>
                </Show>
              </li>
            )}
          </Show>
        )}
      </Index>
    </ul>
  )
}

type Code = JobWhy['reasons'][number]['code']

/** Where those are that a reason counts. */
function placeOf(code: Code, jobId: string): string | undefined {
  switch (code) {
    case 'waits-for-tasks':
      return `/jobs/${jobId}/tasks?status=queued`
    case 'failed-by-worker':
      return `/jobs/${jobId}/tasks?status=failed,soft-failed`
    case 'workers-not-awake':
      return '/workers?status=error,asleep,starting,restart,testing,offline'
    case 'workers-busy':
      return '/workers?status=awake'
    case 'task-type-unsupported':
      return '/workers?view=table'
    case 'tag-mismatch':
      return '/workers/tags'
    case 'no-workers':
      return '/workers'
    case 'higher-priority-first':
      return '/jobs?status=active,queued&sort=-priority'
    default:
      return undefined
  }
}
