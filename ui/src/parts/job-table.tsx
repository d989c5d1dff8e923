import { canDoToJob, type JobAction } from '@shaman-farm/manager-api/status'
import { useNavigate } from '@solidjs/router'
import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createMemo, createSignal, For, on, Show } from 'solid-js'
import { jobActLooks } from '../farm/acts.ts'
import { createNewestFrames } from '../farm/newest-frames.ts'
import { createRows, type Rows } from '../farm/rows.ts'
import type { JobRow } from '../farm/wire.ts'
import { jobActs } from './job-selection.tsx'
import styles from './job-table.module.css'
import { JobTableRow } from './job-table-row.tsx'
import { MenuBox, type MenuItem } from './menu.tsx'
import { SortHead } from './sort-head.tsx'

export interface JobTableProps {
  jobs: readonly JobRow[]
  sort: string
  onSort: (sort: string) => void
  /** Hands out the selection, for the bar of acts above the table. */
  onRows: (rows: Rows) => void
  onAct: (act: JobAction, jobs: readonly JobRow[]) => void
}

const columns = [
  { key: 'status', label: 'Status', sort: 'status', className: styles.status },
  { key: 'name', label: 'Name', sort: 'name', className: styles.name },
  { key: 'progress', label: 'Tasks', className: styles.progress },
  { key: 'eta', label: 'Time left', className: styles.eta },
  {
    key: 'priority',
    label: 'Prio',
    sort: 'priority',
    own: '-priority',
    className: styles.priority,
  },
  { key: 'user', label: 'By', className: styles.user },
  {
    key: 'updated',
    label: 'Changed',
    sort: 'updated',
    own: '-updated',
    className: styles.updated,
  },
] as const

/** Jobs as rows: what state, how far, how long still. Drawn only where it is looked at. */
export function JobTable(props: JobTableProps) {
  let scroller!: HTMLDivElement
  const made = createNewestFrames()
  const navigate = useNavigate()
  const keys = createMemo(() => props.jobs.map((job) => job.id))
  const open = (id: string): void => navigate(`/jobs/${id}`)
  const focusRow = (id: string): void => {
    virtual.scrollToIndex(keys().indexOf(id))
    requestAnimationFrame(() =>
      scroller.querySelector<HTMLElement>(`[data-key="${id}"]`)?.focus({ preventScroll: true }),
    )
  }
  const [menu, setMenu] = createSignal<{ job: JobRow; anchor: HTMLElement }>()
  const openMenu = (id: string): void => {
    const job = props.jobs.find((one) => one.id === id)
    const anchor = scroller.querySelector<HTMLElement>(`[data-key="${id}"] [aria-haspopup=menu]`)
    if (job && anchor) setMenu({ job, anchor })
  }
  const rows = createRows({ keys, onOpen: open, onMenu: openMenu, focusRow })
  props.onRows(rows)
  const virtual = createVirtualizer({
    get count() {
      return props.jobs.length
    },
    getScrollElement: () => scroller,
    estimateSize: () => 44,
    overscan: 12,
  })
  createEffect(
    on(
      () => props.jobs.length,
      () => virtual.measure(),
      { defer: true },
    ),
  )
  const items = () => virtual.getVirtualItems()
  const above = () => items()[0]?.start ?? 0
  const below = () => Math.max(0, virtual.getTotalSize() - (items().at(-1)?.end ?? 0))

  return (
    <div ref={scroller} class={styles.scroller} {...rows.listProps}>
      <table
        class={styles.table}
        role="grid"
        aria-label="Jobs"
        aria-multiselectable="true"
        aria-rowcount={props.jobs.length + 1}
        onKeyDown={rows.onKeyDown}
      >
        <thead>
          <tr>
            <th class={styles.mark}>
              <span class="sr-only">Select</span>
            </th>
            <For each={columns}>
              {(column) => (
                <SortHead
                  label={column.label}
                  class={column.className}
                  by={'sort' in column ? column.sort : undefined}
                  own={'own' in column ? column.own : undefined}
                  sort={props.sort}
                  onSort={props.onSort}
                />
              )}
            </For>
            <th class={styles.more}>
              <span class="sr-only">Acts</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr aria-hidden="true" style={{ height: `${above()}px` }} />
          <For each={items()}>
            {(item) => (
              <Show when={props.jobs[item.index]}>
                {(job) => (
                  <JobTableRow
                    job={job()}
                    thumbnail={made.of(job().id)?.small ?? job().thumbnail}
                    index={item.index}
                    rows={rows}
                    onMenu={openMenu}
                  />
                )}
              </Show>
            )}
          </For>
          <tr aria-hidden="true" style={{ height: `${below()}px` }} />
        </tbody>
      </table>
      <MenuBox
        anchor={menu()?.anchor}
        label={`Acts on ${menu()?.job.name ?? ''}`}
        items={itemsFor(menu()?.job, props.onAct)}
        onClose={() => setMenu(undefined)}
      />
    </div>
  )
}

function itemsFor(job: JobRow | undefined, onAct: JobTableProps['onAct']): MenuItem[] {
  if (!job) return []
  return jobActs
    .filter((act) => canDoToJob(act, job.status))
    .map((act) => ({ id: act, label: jobActLooks[act].verb, run: () => onAct(act, [job]) }))
}
