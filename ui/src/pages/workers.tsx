import { A, useNavigate, useSearchParams } from '@solidjs/router'
import { createMemo, Match, Show, Switch } from 'solid-js'
import { formatCount } from '../farm/format.ts'
import { createHeldList } from '../farm/held-list.ts'
import { createRows } from '../farm/rows.ts'
import type { WorkerRow } from '../farm/wire.ts'
import { sortWorkers, workerStatusOrder } from '../farm/worker-order.ts'
import { createWorkers } from '../farm/workers.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { PendingOrder } from '../parts/job-selection.tsx'
import { NoMatch } from '../parts/no-match.tsx'
import { StatusChips } from '../parts/status-chips.tsx'
import { Told } from '../parts/told.tsx'
import { ViewAs } from '../parts/view-as.tsx'
import { WorkerActs } from '../parts/worker-acts.tsx'
import { WorkerGrid } from '../parts/worker-grid.tsx'
import { WorkerTable } from '../parts/worker-table.tsx'
import { FarmTimeline } from '../parts/worker-timeline/farm-timeline.tsx'
import page from './page.module.css'

/** Who is healthy? */
export function Workers() {
  const [params, setParams] = useSearchParams<{
    view?: string
    status?: string
    q?: string
    sort?: string
  }>()
  const all = createWorkers()
  const navigate = useNavigate()
  const view = () => (params.view === 'table' || params.view === 'timeline' ? params.view : 'grid')
  const statuses = () => params.status?.split(',').filter(Boolean) ?? []
  const counts = createMemo(() => {
    const byStatus: Record<string, number> = {}
    for (const worker of all.data()?.workers ?? [])
      byStatus[worker.status] = (byStatus[worker.status] ?? 0) + 1
    return byStatus
  })
  const sort = () => params.sort ?? 'name'
  const matching = createMemo(() => {
    const wanted = (params.q ?? '').toLowerCase()
    const found = (all.data()?.workers ?? [])
      .filter((worker) => statuses().length === 0 || statuses().includes(worker.status))
      .filter((worker) => matches(worker, wanted))
    return sortWorkers(found, sort())
  })
  const list = createHeldList({
    next: matching,
    held: () => rows.held(),
    keyOf: (worker) => worker.id,
    question: () => [sort(), params.q, params.status, view()].join(),
  })
  const shown = list.rows
  const rows = createRows({
    keys: () => shown().map((worker) => worker.id),
    onOpen: (id) => navigate(`/workers/${id}`),
    focusRow: (id) => document.querySelector<HTMLElement>(`tr[data-key="${id}"]`)?.focus(),
  })
  const selected = createMemo(() => shown().filter((worker) => rows.selected(worker.id)))

  return (
    <div class={page.page}>
      <h1 class="sr-only">Workers</h1>
      <Told read={all} what="the workers">
        {(data) => (
          <Show when={data().total === 0}>
            <NoWorkers />
          </Show>
        )}
      </Told>
      <Show when={(all.data()?.total ?? 0) > 0}>
        <div class="tools">
          <div class={page.head}>
            <StatusChips
              kind="worker"
              order={workerStatusOrder}
              counts={counts()}
              chosen={statuses()}
              onChoose={(chosen) => setParams({ status: chosen.join(',') || null })}
              label="Filter by status"
            />
            <input
              type="search"
              class="input find"
              placeholder="Find by name, tag, address"
              aria-label="Find workers"
              data-find
              value={params.q ?? ''}
              onInput={(event) =>
                setParams({ q: event.currentTarget.value || null }, { replace: true })
              }
            />
            <A href="/workers/tags">Tags</A>
            <PendingOrder count={list.pending()} onApply={list.release} />
            <span class="spread">
              <ViewAs
                views={{ grid: 'Grid', table: 'Table', timeline: 'Timeline' }}
                view={view()}
                onView={(next) => setParams({ view: next === 'grid' ? null : next })}
              />
            </span>
          </div>
          <Show when={selected().length > 0}>
            <div class={page.head} role="toolbar" aria-label="Selected workers">
              <span>{formatCount(selected().length, 'worker')} selected</span>
              <WorkerActs workers={selected()} />
              <button type="button" class="button quiet" onClick={rows.clear}>
                Clear selection
              </button>
            </div>
          </Show>
        </div>
        <Show
          when={shown().length > 0}
          fallback={<NoMatch what="worker" onClear={() => setParams({ status: null, q: null })} />}
        >
          <Switch>
            <Match when={view() === 'grid'}>
              <WorkerGrid workers={shown()} rows={rows} />
            </Match>
            <Match when={view() === 'table'}>
              <WorkerTable
                workers={shown()}
                rows={rows}
                sort={sort()}
                onSort={(next) => setParams({ sort: next === 'name' ? null : next })}
              />
            </Match>
            <Match when={view() === 'timeline'}>
              <section class="card" aria-label="Timeline">
                <FarmTimeline workers={shown()} />
              </section>
            </Match>
          </Switch>
        </Show>
      </Show>
    </div>
  )
}

function NoWorkers() {
  const command = `farm worker --manager ${location.origin}`
  return (
    <EmptyState
      icon="worker"
      title="No workers yet"
      sentence="A worker is a machine that renders. Start one on each machine; it signs on by itself."
      action={
        <>
          <code>{command}</code>
          <CopyButton text={() => command} label="Copy" />
        </>
      }
    />
  )
}

function matches(worker: WorkerRow, wanted: string): boolean {
  if (wanted === '') return true
  const words = [
    worker.name,
    worker.ip_address,
    worker.platform,
    ...worker.tags.map((tag) => tag.name),
  ]
  return words.some((word) => word.toLowerCase().includes(wanted))
}
