import { A, type RouteSectionProps, useParams } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { createBlocklist } from '../farm/blocklist.ts'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { JobContext, useJob } from '../farm/job-context.ts'
import { createJobFrames } from '../farm/job-frames.ts'
import { createRead } from '../farm/read.ts'
import { lookOf, taskStatusOrder } from '../farm/status.ts'
import { createSteady } from '../farm/steady.ts'
import { tellEta } from '../farm/tell-eta.ts'
import type { FarmJob } from '../farm/wire.ts'
import { BlockedWorkers } from '../parts/blocklist.tsx'
import { Filmstrip } from '../parts/filmstrip.tsx'
import { FrameGrid } from '../parts/frame-grid/grid.tsx'
import { JobActions } from '../parts/job-actions.tsx'
import { LogTail } from '../parts/log-tail.tsx'
import { ProgressBar } from '../parts/progress-bar.tsx'
import { StatusWord } from '../parts/status-word.tsx'
import { SteadyCount } from '../parts/steady-count.tsx'
import { Submission } from '../parts/submission.tsx'
import { Told } from '../parts/told.tsx'
import { WhyPanel } from '../parts/why-panel.tsx'
import { WorkerTimeline } from '../parts/worker-timeline/timeline.tsx'
import styles from './job.module.css'

/** How is it going? The header and tabs that every view of a job keeps. */
export function JobPage(props: RouteSectionProps) {
  const params = useParams<{ job: string }>()
  const farm = useFarm()
  const job = createRead<FarmJob>(() => `/farm/jobs/${params.job}`, { soonMs: 500 })
  farm.useTopic(() => `job:${params.job}`)
  farm.on('job', (event) => event.id === params.job && job.reloadSoon())
  farm.on('task', (event) => event.job_id === params.job && job.reloadSoon())

  return (
    <JobContext.Provider value={{ id: () => params.job!, job }}>
      <div class={styles.page}>
        <Told read={job} what="the job" above={{ href: '/jobs', label: 'All jobs' }}>
          {(data) => (
            <>
              <Head job={data()} />
              <Tabs id={data().id} />
              {props.children}
            </>
          )}
        </Told>
      </div>
    </JobContext.Provider>
  )
}

function Head(props: { job: FarmJob }) {
  const counts = () => props.job.task_counts
  const total = () => taskStatusOrder.reduce((sum, status) => sum + counts()[status], 0)
  const shown = createSteady(() =>
    taskStatusOrder.filter((status) => status === 'completed' || counts()[status] > 0),
  )
  return (
    <header class={styles.head}>
      <div>
        <nav class="muted" aria-label="Breadcrumb">
          <A href="/jobs">Jobs</A> /{props.job.submitter ? ` ${props.job.submitter} /` : ''}
        </nav>
        <h1 class={styles.title}>
          <span>{props.job.name}</span>
          <StatusWord kind="job" status={props.job.status} />
        </h1>
      </div>
      <JobActions job={props.job} />
      <div class={styles.progress}>
        <ProgressBar counts={counts()} thick />
        <p class={styles.counts}>
          <span>{formatCount(total(), 'task')}</span>
          <For each={shown()}>
            {(status) => (
              <A class={styles.count} href={`/jobs/${props.job.id}/tasks?status=${status}`}>
                <StatusWord
                  kind="task"
                  status={status}
                  text={
                    <>
                      {lookOf('task', status).label}{' '}
                      <SteadyCount n={counts()[status]} most={total()} />
                    </>
                  }
                />
              </A>
            )}
          </For>
          <span class="spread row-gap">
            <Show when={!['active', 'completed'].includes(props.job.status) && props.job.activity}>
              <span class="muted">{reasonOf(props.job)}</span>
            </Show>
            <Show when={props.job.eta}>
              <span>{tellEta(props.job.eta)} left</span>
            </Show>
          </span>
        </p>
      </div>
    </header>
  )
}

/** The manager's activity text begins with the status, which is already shown. */
function reasonOf(job: FarmJob): string {
  const prefix = `${job.status}: `
  return job.activity.startsWith(prefix) ? job.activity.slice(prefix.length) : job.activity
}

function Tabs(props: { id: string }) {
  const tabs = [
    { href: '', label: 'Frames', end: true },
    { href: '/tasks', label: 'Tasks' },
    { href: '/submission', label: 'Submission' },
    { href: '/settings', label: 'Settings' },
    { href: '/history', label: 'History' },
  ]
  return (
    <nav aria-label="Job" class={`segments ${styles.tabs}`}>
      <For each={tabs}>
        {(tab) => (
          <A href={`/jobs/${props.id}${tab.href}`} end={tab.end ?? false}>
            {tab.label}
          </A>
        )}
      </For>
    </nav>
  )
}

export function JobOverview() {
  const { id, job } = useJob()
  const data = createMemo(() => job.data()!)
  const live = createJobFrames(id)
  const blocklist = createBlocklist(id)
  const blocked = createMemo(
    () =>
      new Map(
        (blocklist.data() ?? []).map((one) => [one.worker_id, `blocked for ${one.task_type}`]),
      ),
  )
  return (
    <div class={styles.columns}>
      <div class="stack">
        <Told read={{ ...live, data: live.frames }} what="the frames">
          {(frames) => <FrameGrid jobId={id()} live={live} frames={frames()} />}
        </Told>
        <section class={`card ${styles.made}`} aria-label="Made">
          <Filmstrip job={data()} frames={live.frames()} />
          <Told read={live.told} what="who worked on it">
            {() => (
              <WorkerTimeline
                title="Workers on this job"
                attempts={live.attempts()}
                notes={blocked()}
              />
            )}
          </Told>
        </section>
      </div>
      <div class="stack">
        <section class="card" aria-label="Submission and why">
          <Submission job={data()} />
          <WhyPanel jobId={id()} status={data().status} />
        </section>
        <LogTail jobId={id()} />
        <BlockedWorkers jobId={id()} list={blocklist} />
      </div>
    </div>
  )
}
