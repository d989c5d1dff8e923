import type { JobAction } from '@shaman-farm/manager-api/status'
import { useSearchParams } from '@solidjs/router'
import { createMemo, createSignal, Show } from 'solid-js'
import { actable, jobActLooks } from '../farm/acts.ts'
import { actOnJobs } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { createHeldList } from '../farm/held-list.ts'
import { createRead } from '../farm/read.ts'
import type { Rows } from '../farm/rows.ts'
import { useShortcuts } from '../farm/use-shortcuts.ts'
import type { JobPage, JobRow } from '../farm/wire.ts'
import { DeleteJobs } from '../parts/delete-jobs.tsx'
import { FirstJob } from '../parts/first-job.tsx'
import { JobFilters, type JobQuery, noFilter } from '../parts/job-filters.tsx'
import { priorityShortcuts } from '../parts/job-order.tsx'
import { JobSelection, jobActs, PendingOrder } from '../parts/job-selection.tsx'
import { JobTable } from '../parts/job-table.tsx'
import { JobWall } from '../parts/job-wall.tsx'
import { NoMatch } from '../parts/no-match.tsx'
import { Told } from '../parts/told.tsx'
import styles from './jobs.module.css'

const pageSize = 1000

/** What is running? */
export function Jobs() {
  const farm = useFarm()
  const [params, setParams] = useSearchParams<JobQuery>()
  const sort = () => params.sort ?? '-updated'
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({
      status: params.status,
      q: params.q,
      type: params.type,
      user: params.user,
      tag: params.tag,
      sort: sort(),
      limit: pageSize,
    }),
    soonMs: 700,
  })
  farm.on('job', (event) => {
    jobs.patch((page) => ({
      ...page,
      jobs: page.jobs.map((job) => (job.id === event.id ? { ...job, ...patchOf(event) } : job)),
    }))
    jobs.reloadSoon()
  })

  const [rows, setRows] = createSignal<Rows>()
  const view = createHeldList({
    next: () => jobs.data()?.jobs ?? [],
    held: () => rows()?.held() ?? false,
    keyOf: (job) => job.id,
    question: jobs.question,
  })
  const selected = createMemo(() => {
    const keys = rows()?.selection().keys ?? new Set()
    return view.rows().filter((job) => keys.has(job.id))
  })
  const filtered = () => Object.keys(noFilter).some((name) => params[name as keyof JobQuery])
  const nothingYet = () => !filtered() && jobs.data()?.total === 0

  const actOn = (act: JobAction, chosen: readonly JobRow[]): void => {
    const able = actable(act, chosen)
    if (able.length === 0) return
    if (act === 'delete') setDeleting(able)
    else void actOnJobs(act, able)
  }
  const [deleting, setDeleting] = createSignal<readonly JobRow[]>()
  useShortcuts([
    ...jobActs.map((act) => ({
      keys: jobActLooks[act].key,
      label: `${jobActLooks[act].verb.replace('…', '')} the selected jobs`,
      group: 'Job' as const,
      run: () => actOn(act, selected()),
    })),
    ...priorityShortcuts(selected, 'the selected jobs'),
  ])
  const isWall = () => params.view === 'wall'
  const table = () => (
    <JobTable
      jobs={view.rows()}
      sort={sort()}
      onSort={(next) => setParams({ sort: next })}
      onRows={setRows}
      onAct={actOn}
    />
  )
  return (
    <div class={styles.page}>
      <h1 class="sr-only">Jobs</h1>
      <Show when={!nothingYet()} fallback={<FirstJob />}>
        <div class="tools">
          <JobFilters total={jobs.data()?.total} counts={jobs.data()?.counts ?? {}}>
            <PendingOrder count={view.pending()} onApply={view.release} />
          </JobFilters>
          <Show when={selected().length > 0}>
            <JobSelection
              jobs={selected()}
              onAct={(act) => actOn(act, selected())}
              onClear={() => rows()?.clear()}
            >
              <PendingOrder count={view.pending()} onApply={view.release} />
            </JobSelection>
          </Show>
        </div>
        <DeleteJobs
          jobs={deleting()}
          onClose={() => setDeleting(undefined)}
          onDone={() => rows()?.clear()}
        />
        <Told read={jobs} what="the jobs">
          {() => (
            <Show
              when={view.rows().length > 0}
              fallback={<NoMatch what="job" onClear={() => setParams(noFilter)} />}
            >
              <Show when={isWall()} fallback={table()}>
                <JobWall jobs={view.rows()} onRows={setRows} />
              </Show>
            </Show>
          )}
        </Told>
      </Show>
    </div>
  )
}

function patchOf(event: Partial<JobRow> & { id: string }): Partial<JobRow> {
  const { status, priority, updated, steps_completed, steps_total, delete_requested_at } = event
  const facts = { status, priority, updated, steps_completed, steps_total, delete_requested_at }
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Partial<JobRow>
}
