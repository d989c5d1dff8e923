import { A, useNavigate, useSearchParams } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { formatCount } from '../farm/format.ts'
import { createRows, type Rows } from '../farm/rows.ts'
import type { WorkerRow, WorkerStatus } from '../farm/wire.ts'
import { createWorkers } from '../farm/workers.ts'
import { Ago } from '../parts/ago.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { StatusChips } from '../parts/status-chips.tsx'
import { WorkerActs } from '../parts/worker-acts.tsx'
import { WorkerGrid } from '../parts/worker-grid.tsx'
import { WorkerStatusWord } from '../parts/worker-status.tsx'
import page from './page.module.css'
import styles from './workers.module.css'

const order: readonly WorkerStatus[] = [
  'error',
  'awake',
  'asleep',
  'starting',
  'restart',
  'testing',
  'offline',
]

/** Who is healthy? */
export function Workers() {
  const [params, setParams] = useSearchParams<{ view?: string; status?: string; q?: string }>()
  const all = createWorkers()
  const navigate = useNavigate()
  const view = () => (params.view === 'table' ? 'table' : 'grid')
  const statuses = () => params.status?.split(',').filter(Boolean) ?? []
  const counts = createMemo(() => {
    const byStatus: Record<string, number> = {}
    for (const worker of all.data()?.workers ?? [])
      byStatus[worker.status] = (byStatus[worker.status] ?? 0) + 1
    return byStatus
  })
  const shown = createMemo(() => {
    const wanted = (params.q ?? '').toLowerCase()
    return (all.data()?.workers ?? [])
      .filter((worker) => statuses().length === 0 || statuses().includes(worker.status))
      .filter((worker) => matches(worker, wanted))
      .toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
  })
  const rows = createRows({
    keys: () => shown().map((worker) => worker.id),
    onOpen: (id) => navigate(`/workers/${id}`),
    focusRow: (id) => document.querySelector<HTMLElement>(`tr[data-key="${id}"]`)?.focus(),
  })
  const selected = createMemo(() => shown().filter((worker) => rows.selected(worker.id)))

  return (
    <div class={page.page}>
      <h1 class="sr-only">Workers</h1>
      <Show when={all.error()}>
        {(error) => <ErrorPanel error={error()} onRetry={all.reload} what="the workers" />}
      </Show>
      <Show when={all.data()?.total === 0}>
        <NoWorkers />
      </Show>
      <Show when={(all.data()?.total ?? 0) > 0}>
        <div class={page.head}>
          <StatusChips
            kind="worker"
            order={order}
            counts={counts()}
            chosen={statuses()}
            onChoose={(chosen) => setParams({ status: chosen.join(',') || null })}
            label="Filter by status"
          />
          <input
            type="search"
            class="input"
            placeholder="Find by name, tag, address"
            aria-label="Find workers"
            data-find
            value={params.q ?? ''}
            onInput={(event) =>
              setParams({ q: event.currentTarget.value || null }, { replace: true })
            }
          />
          <A href="/workers/tags">Tags</A>
          <div class="segments spread" role="group" aria-label="View as">
            <For each={['grid', 'table']}>
              {(one) => (
                <button
                  type="button"
                  aria-pressed={view() === one}
                  onClick={() => setParams({ view: one === 'grid' ? null : one })}
                >
                  {one === 'grid' ? 'Grid' : 'Table'}
                </button>
              )}
            </For>
          </div>
        </div>
        <Show when={selected().length > 0}>
          <div class="row-gap" role="toolbar" aria-label="Selected workers">
            <span>{formatCount(selected().length, 'worker')} selected</span>
            <WorkerActs workers={selected()} />
            <button type="button" class="button quiet" onClick={rows.clear}>
              Clear selection
            </button>
          </div>
        </Show>
        <Show
          when={shown().length > 0}
          fallback={
            <EmptyState
              icon="search"
              title="No worker matches."
              action={
                <button
                  type="button"
                  class="button"
                  onClick={() => setParams({ status: null, q: null })}
                >
                  Clear the filter
                </button>
              }
            />
          }
        >
          <Show when={view() === 'grid'} fallback={<WorkerTable workers={shown()} rows={rows} />}>
            <WorkerGrid workers={shown()} rows={rows} />
          </Show>
        </Show>
      </Show>
    </div>
  )
}

function WorkerTable(props: { workers: readonly WorkerRow[]; rows: Rows }) {
  return (
    <section class={`card ${styles.scroll}`} {...props.rows.listProps}>
      <table
        class="table"
        role="grid"
        aria-label="Workers"
        aria-multiselectable="true"
        onKeyDown={props.rows.onKeyDown}
      >
        <thead>
          <tr>
            <th>
              <span class="sr-only">Select</span>
            </th>
            <th>Status</th>
            <th>Name</th>
            <th>Task</th>
            <th>Tags</th>
            <th>Takes</th>
            <th>Address</th>
            <th>Version</th>
            <th>Seen</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.workers}>
            {(worker) => (
              <tr
                class={styles.row}
                data-key={worker.id}
                aria-selected={props.rows.selected(worker.id)}
                tabindex={props.rows.current() === worker.id ? 0 : -1}
                onClick={(event) => props.rows.onClick(worker.id, event)}
              >
                <td>
                  <input
                    type="checkbox"
                    tabindex="-1"
                    aria-label={`Select ${worker.name}`}
                    checked={props.rows.selected(worker.id)}
                    onChange={() => props.rows.toggle(worker.id)}
                  />
                </td>
                <td>
                  <WorkerStatusWord worker={worker} />
                </td>
                <td>
                  <A href={`/workers/${worker.id}`} tabindex="-1">
                    {worker.name}
                  </A>
                </td>
                <td>
                  <Show when={worker.task} fallback={<span class="faint">–</span>}>
                    {(task) => (
                      <A href={`/jobs/${task().job_id}/tasks/${task().id}`} tabindex="-1">
                        {task().name}
                      </A>
                    )}
                  </Show>
                </td>
                <td>{worker.tags.map((tag) => tag.name).join(', ') || '–'}</td>
                <td>{worker.supported_task_types.join(', ')}</td>
                <td class="mono">{worker.ip_address}</td>
                <td>{worker.version}</td>
                <td>
                  <Ago time={worker.last_seen} none="never" />
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
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
