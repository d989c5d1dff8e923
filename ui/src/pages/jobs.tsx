import type { JobAction } from '@shaman-farm/manager-api/status'
import { A, useSearchParams } from '@solidjs/router'
import {
  createEffect,
  createMemo,
  createSignal,
  For,
  type ParentProps,
  Show,
  untrack,
} from 'solid-js'
import { actable, jobActLooks } from '../farm/acts.ts'
import { actOnJobs } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { type HeldView, holdOrder } from '../farm/held-list.ts'
import { createRead } from '../farm/read.ts'
import type { Rows } from '../farm/rows.ts'
import { jobStatusOrder } from '../farm/status.ts'
import { useShortcuts } from '../farm/use-shortcuts.ts'
import type { JobPage, JobRow } from '../farm/wire.ts'
import { DeleteJobs } from '../parts/delete-jobs.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { FirstJob } from '../parts/first-job.tsx'
import { Icon } from '../parts/glyph.tsx'
import { JobOrder, priorityShortcuts } from '../parts/job-order.tsx'
import { JobTable } from '../parts/job-table.tsx'
import { JobWall } from '../parts/job-wall.tsx'
import { StatusChips } from '../parts/status-chips.tsx'
import { ViewAs } from '../parts/view-as.tsx'
import styles from './jobs.module.css'

const pageSize = 1000
const acts: readonly JobAction[] = ['pause', 'requeue', 'cancel', 'delete']

/** What is running? */
export function Jobs() {
  const farm = useFarm()
  const [params, setParams] = useSearchParams<{
    status?: string
    q?: string
    type?: string
    sort?: string
    view?: string
  }>()
  const sort = () => params.sort ?? '-updated'
  const statuses = () => params.status?.split(',').filter(Boolean) ?? []
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({
      status: params.status,
      q: params.q,
      type: params.type,
      sort: sort(),
      limit: pageSize,
    }),
    soonMs: 700,
  })
  farm.on('reset', () => jobs.reload())
  farm.on('last-rendered', () => jobs.reloadSoon())
  farm.on('job', (event) => {
    jobs.patch((page) => ({
      ...page,
      jobs: page.jobs.map((job) => (job.id === event.id ? { ...job, ...patchOf(event) } : job)),
    }))
    jobs.reloadSoon()
  })

  const [rows, setRows] = createSignal<Rows>()
  const view = createHeldJobs(
    () => jobs.data()?.jobs ?? [],
    () => rows()?.held() ?? false,
  )
  const selected = createMemo(() => {
    const keys = rows()?.selection().keys ?? new Set()
    return view.rows().filter((job) => keys.has(job.id))
  })
  const filtered = () => statuses().length > 0 || Boolean(params.q) || Boolean(params.type)
  const nothingYet = () => !filtered() && jobs.data()?.total === 0

  const actOn = (act: JobAction, chosen: readonly JobRow[]): void => {
    const able = actable(act, chosen)
    if (able.length === 0) return
    if (act === 'delete') setDeleting(able)
    else void actOnJobs(act, able)
  }
  const [deleting, setDeleting] = createSignal<readonly JobRow[]>()
  useShortcuts([
    ...acts.map((act) => ({
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
          <div class={styles.bar}>
            <StatusChips
              kind="job"
              order={jobStatusOrder}
              counts={jobs.data()?.counts ?? {}}
              chosen={statuses()}
              onChoose={(chosen) => setParams({ status: chosen.join(',') || null })}
              label="Filter by status"
            />
            <input
              type="search"
              class={`input ${styles.search}`}
              placeholder="Find by name, person, metadata"
              aria-label="Find jobs"
              data-find
              value={params.q ?? ''}
              onInput={(event) =>
                setParams({ q: event.currentTarget.value || null }, { replace: true })
              }
            />
            <Show when={params.type}>
              <button
                type="button"
                class="button"
                title="Show jobs of every type"
                onClick={() => setParams({ type: null })}
              >
                {params.type}
                <Icon name="close" size={12} />
              </button>
            </Show>
            <Pending count={view.pending()} onApply={view.release} />
            <span class="spread muted">
              {jobs.data() ? formatCount(jobs.data()!.total, 'job') : ''}
            </span>
            <ViewAs
              views={{ table: 'Table', wall: 'Wall' }}
              view={isWall() ? 'wall' : 'table'}
              onView={(next) => setParams({ view: next === 'table' ? null : next })}
            />
            <A class="button" href="/jobs/submit">
              Submit…
            </A>
          </div>
          <Show when={selected().length > 0}>
            <SelectionBar
              jobs={selected()}
              onAct={(act) => actOn(act, selected())}
              onClear={() => rows()?.clear()}
            >
              <Pending count={view.pending()} onApply={view.release} />
            </SelectionBar>
          </Show>
        </div>
        <DeleteJobs
          jobs={deleting()}
          onClose={() => setDeleting(undefined)}
          onDone={() => rows()?.clear()}
        />
        <Show when={jobs.error()}>
          {(error) => <ErrorPanel error={error()} onRetry={jobs.reload} what="the jobs" />}
        </Show>
        <Show
          when={view.rows().length > 0}
          fallback={
            <Show when={!jobs.loading() && !jobs.error()}>
              <EmptyState
                icon="search"
                title="No job matches."
                action={
                  <button
                    type="button"
                    class="button"
                    onClick={() => setParams({ status: null, q: null, type: null })}
                  >
                    Clear the filter
                  </button>
                }
              />
            </Show>
          }
        >
          <Show when={isWall()} fallback={table()}>
            <JobWall jobs={view.rows()} onRows={setRows} />
          </Show>
        </Show>
      </Show>
    </div>
  )
}

function Pending(props: { count: number; onApply: () => void }) {
  return (
    <Show when={props.count > 0}>
      <button type="button" class="button" onClick={() => props.onApply()}>
        {formatCount(props.count, 'change')} · apply
      </button>
    </Show>
  )
}

/** The acts on the selected jobs, each with how many of them it applies to. */
function SelectionBar(
  props: ParentProps<{
    jobs: readonly JobRow[]
    onAct: (act: JobAction) => void
    onClear: () => void
  }>,
) {
  return (
    <div class={styles.bar} role="toolbar" aria-label="Selected jobs">
      <span>{formatCount(props.jobs.length, 'job')} selected</span>
      <For each={acts}>
        {(act) => {
          const able = () => actable(act, props.jobs).length
          return (
            <button
              type="button"
              class="button"
              disabled={able() === 0}
              data-act={act}
              onClick={() => props.onAct(act)}
            >
              {jobActLooks[act].verb}
              <Show when={able() > 0 && able() < props.jobs.length}>
                {' '}
                {able()} of {props.jobs.length}
              </Show>
            </button>
          )
        }}
      </For>
      <JobOrder jobs={props.jobs} />
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear selection
      </button>
      {props.children}
    </div>
  )
}

/** Keeps the order of the list while somebody rests on it. */
function createHeldJobs(next: () => readonly JobRow[], held: () => boolean) {
  const [view, setView] = createSignal<HeldView<JobRow>>({ rows: [], pending: 0 })
  createEffect(() => {
    const rows = next()
    if (held()) setView(holdOrder(untrack(view).rows, rows, (job) => job.id))
    else setView({ rows, pending: 0 })
  })
  return {
    rows: () => view().rows,
    pending: () => view().pending,
    release: () => setView({ rows: next(), pending: 0 }),
  }
}

function patchOf(event: Partial<JobRow> & { id: string }): Partial<JobRow> {
  const { status, priority, updated, steps_completed, steps_total, delete_requested_at } = event
  const facts = { status, priority, updated, steps_completed, steps_total, delete_requested_at }
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as Partial<JobRow>
}
