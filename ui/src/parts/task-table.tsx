import { useNavigate } from '@solidjs/router'
import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createMemo, For, Show, untrack } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createJobTasks } from '../farm/job-tasks.ts'
import { createRows } from '../farm/rows.ts'
import { taskStatusOrder } from '../farm/status.ts'
import type { TaskCounts } from '../farm/wire.ts'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Loading } from './loading.tsx'
import { NoMatch } from './no-match.tsx'
import { StatusChips } from './status-chips.tsx'
import { AwaitedTask, TaskLine } from './task-line.tsx'
import { TaskSelection } from './task-selection.tsx'
import styles from './task-table.module.css'

const rowHeight = 28

/** A job's tasks in their order. Only the rows in view are loaded and drawn. */
export function TaskTable(props: {
  jobId: string
  counts?: TaskCounts
  statuses?: readonly string[]
  onStatuses?: (statuses: string[]) => void
  current?: string | undefined
  short?: boolean
}) {
  const farm = useFarm()
  const navigate = useNavigate()
  const statuses = () => props.statuses?.join(',') || undefined
  const tasks = createJobTasks(farm, { jobId: () => props.jobId, statuses })
  let scroller!: HTMLDivElement

  const open = (id: string): void => navigate(`/jobs/${props.jobId}/tasks/${id}`)
  const rows = createRows({
    keys: tasks.keys,
    onOpen: open,
    focusRow: (id) => {
      const index = tasks.keys().indexOf(id)
      virtual.scrollToIndex(index)
      requestAnimationFrame(() =>
        scroller.querySelector<HTMLElement>(`[data-key="${id}"]`)?.focus({ preventScroll: true }),
      )
    },
  })
  const virtual = createVirtualizer({
    get count() {
      return tasks.total()
    },
    getScrollElement: () => scroller,
    estimateSize: () => rowHeight,
    overscan: 16,
  })
  const items = () => virtual.getVirtualItems()
  createEffect(() => {
    const from = items()[0]?.index
    const to = items().at(-1)?.index
    // A screen more at either end is there before somebody scrolls to it.
    const more = to === undefined || from === undefined ? 0 : to - from
    if (from !== undefined && to !== undefined)
      untrack(() => tasks.want(from - more, to + 1 + more))
  })
  const selected = createMemo(() => {
    const chosen = rows.selection().keys
    return tasks.rows().filter((row) => chosen.has(row.id))
  })

  return (
    <>
      <div class="tools">
        <Show when={props.counts}>
          {(counts) => (
            <div class={styles.bar}>
              <StatusChips
                kind="task"
                order={taskStatusOrder}
                counts={counts()}
                chosen={props.statuses ?? []}
                onChoose={(chosen) => props.onStatuses?.(chosen)}
                label="Filter tasks by status"
              />
            </div>
          )}
        </Show>
        <Show when={selected().length > 0}>
          <TaskSelection tasks={selected()} onClear={rows.clear} />
        </Show>
      </div>
      <Show when={tasks.error()}>
        {(problem) => <ErrorPanel error={problem()} onRetry={tasks.refresh} what="the tasks" />}
      </Show>
      <Show when={!tasks.isLoaded() && !tasks.error()}>
        <Loading what="the tasks" />
      </Show>
      <Show
        when={tasks.total() > 0 || !tasks.isLoaded()}
        fallback={
          <Show
            when={statuses()}
            fallback={<EmptyState small icon="jobs" title="This job has no tasks." />}
          >
            <NoMatch small what="task" onClear={() => props.onStatuses?.([])} />
          </Show>
        }
      >
        <div
          ref={scroller}
          class={styles.scroller}
          data-short={props.short ? '' : undefined}
          {...rows.listProps}
        >
          <table
            class={styles.table}
            role="grid"
            aria-label="Tasks"
            aria-multiselectable="true"
            aria-rowcount={tasks.total() + 1}
            onKeyDown={rows.onKeyDown}
          >
            <thead>
              <tr>
                <th class={styles.index}>#</th>
                <th class={styles.status}>Status</th>
                <th>Task</th>
                <th class={styles.steps}>Steps</th>
                <th class={styles.worker}>Worker</th>
                <th class={styles.tries}>Tries</th>
                <th class={styles.updated}>Changed</th>
              </tr>
            </thead>
            <tbody>
              <tr aria-hidden="true" style={{ height: `${items()[0]?.start ?? 0}px` }} />
              <For each={items()}>
                {(item) => {
                  const row = createMemo(() => tasks.rowAt(item.index))
                  return (
                    <Show
                      when={row()}
                      fallback={
                        <AwaitedTask
                          row={item.index + 2}
                          number={statuses() ? '…' : item.index + 1}
                        />
                      }
                    >
                      {(task) => (
                        <TaskLine
                          task={task()}
                          jobId={props.jobId}
                          rows={rows}
                          open={props.current === task().id}
                        />
                      )}
                    </Show>
                  )
                }}
              </For>
              <tr
                aria-hidden="true"
                style={{
                  height: `${Math.max(0, virtual.getTotalSize() - (items().at(-1)?.end ?? 0))}px`,
                }}
              />
            </tbody>
          </table>
        </div>
      </Show>
    </>
  )
}
