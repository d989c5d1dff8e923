import { canDoToTask, type TaskAction } from '@shaman-farm/manager-api/status'
import { A, useNavigate } from '@solidjs/router'
import { createVirtualizer } from '@tanstack/solid-virtual'
import {
  batch,
  createEffect,
  createMemo,
  createSignal,
  For,
  on,
  onCleanup,
  Show,
  untrack,
} from 'solid-js'
import { actOnEach, setTaskStatus } from '../farm/acts.ts'
import { type ApiError, asApiError, call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { createPages, type Pages } from '../farm/pages.ts'
import { createRows, type Rows } from '../farm/rows.ts'
import { taskStatusOrder } from '../farm/status.ts'
import type { TaskCounts, TaskPage, TaskRow } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { StatusChips } from './status-chips.tsx'
import { StatusWord } from './status-word.tsx'
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
  const [version, setVersion] = createSignal(0)
  const [error, setError] = createSignal<ApiError>()
  const [loaded, setLoaded] = createSignal(false)
  const statuses = () => props.statuses?.join(',') || undefined
  let pages: Pages<TaskRow> | undefined
  let soon: ReturnType<typeof setTimeout> | undefined
  let scroller!: HTMLDivElement

  createEffect(
    on([() => props.jobId, statuses], ([job, status]) => {
      pages?.close()
      setLoaded(false)
      pages = createPages<TaskRow>({
        load: async (offset, limit, signal) => {
          const page = await call<TaskPage>(`/farm/jobs/${job}/tasks`, {
            query: { offset, limit, status },
            signal,
          })
          return { rows: page.tasks, total: page.total }
        },
        // Together, or for a moment the list counts as loaded and empty and loses its place.
        onChange: () =>
          batch(() => {
            setLoaded(true)
            setError(undefined)
            setVersion((n) => n + 1)
          }),
        onError: (cause) => setError(asApiError(cause)),
      })
      pages.want(0, 40)
    }),
  )
  const refreshSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined
      pages?.refresh()
    }, 600)
  }
  onCleanup(() => {
    pages?.close()
    clearTimeout(soon)
  })
  farm.on('reset', () => pages?.refresh())
  farm.on('job', (event) => event.id === props.jobId && event.refresh_tasks && refreshSoon())
  farm.on('task', (event) => {
    if (event.job_id !== props.jobId) return
    pages?.patch(
      (row) => row.id === event.id,
      (row) => ({
        ...row,
        status: event.status,
        updated: event.updated,
        activity: event.activity,
        steps_completed: event.steps_completed,
        steps_total: event.steps_total,
        ...(event.worker
          ? { worker: { id: event.worker.uuid, name: event.worker.name, address: '' } }
          : {}),
      }),
    )
    if (event.previous_status !== undefined && event.previous_status !== event.status) refreshSoon()
  })

  const total = createMemo(() => {
    version()
    return pages?.total ?? 0
  })
  const keys = createMemo(() => {
    version()
    return pages?.loadedRows().map((row) => row.id) ?? []
  })
  const open = (id: string): void => navigate(`/jobs/${props.jobId}/tasks/${id}`)
  const rows = createRows({
    keys,
    onOpen: open,
    focusRow: (id) => {
      const index = keys().indexOf(id)
      virtual.scrollToIndex(index)
      requestAnimationFrame(() =>
        scroller.querySelector<HTMLElement>(`[data-key="${id}"]`)?.focus({ preventScroll: true }),
      )
    },
  })
  const virtual = createVirtualizer({
    get count() {
      return total()
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
      untrack(() => pages?.want(Math.max(0, from - more), Math.min(total(), to + 1 + more)))
  })
  const selected = createMemo(() => {
    version()
    const chosen = rows.selection().keys
    return pages?.loadedRows().filter((row) => chosen.has(row.id)) ?? []
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
      <Show when={error()}>
        {(problem) => (
          <ErrorPanel error={problem()} onRetry={() => pages?.refresh()} what="the tasks" />
        )}
      </Show>
      <Show
        when={total() > 0 || !loaded()}
        fallback={
          <EmptyState
            small
            icon="search"
            title={statuses() ? 'No task is in this state.' : 'This job has no tasks.'}
          />
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
            aria-rowcount={total() + 1}
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
                  const row = createMemo(() => {
                    version()
                    return pages?.rowAt(item.index)
                  })
                  return (
                    <Show
                      when={row()}
                      fallback={
                        <Awaited row={item.index + 2} number={statuses() ? '…' : item.index + 1} />
                      }
                    >
                      {(task) => (
                        <Row
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

/** A row whose task is on its way: it keeps its place and its number. */
function Awaited(props: { row: number; number: number | string }) {
  return (
    <tr class={styles.row} aria-rowindex={props.row} data-awaited="">
      <td class={styles.index}>{props.number}</td>
      <td class={`faint ${styles.status}`}>…</td>
      <td colspan="5" />
    </tr>
  )
}

function Row(props: { task: TaskRow; jobId: string; rows: Rows; open: boolean }) {
  const task = () => props.task
  return (
    <tr
      class={styles.row}
      data-key={task().id}
      data-open={props.open ? '' : undefined}
      aria-rowindex={task().index_in_job + 1}
      aria-selected={props.rows.selected(task().id)}
      tabindex={props.rows.current() === task().id ? 0 : -1}
      onClick={(event) => props.rows.onClick(task().id, event)}
    >
      <td class={styles.index}>{task().index_in_job}</td>
      <td class={styles.status}>
        <StatusWord kind="task" status={task().status} />
      </td>
      <td class={styles.name}>
        <A href={`/jobs/${props.jobId}/tasks/${task().id}`} tabindex="-1" title={task().activity}>
          {task().name}
        </A>
        <Show when={task().waits_for > 0 && task().status === 'queued'}>
          <span class="faint"> waits for {formatCount(task().waits_for, 'task')}</span>
        </Show>
      </td>
      <td class={styles.steps}>
        {task().steps_completed}/{task().steps_total}
      </td>
      <td class={styles.worker}>
        <Show when={task().worker?.id} fallback={<span class="faint">–</span>}>
          {task().worker?.name}
        </Show>
      </td>
      <td class={styles.tries}>{task().attempts}</td>
      <td class={styles.updated}>
        <Ago time={task().updated} />
      </td>
    </tr>
  )
}

function TaskSelection(props: { tasks: readonly TaskRow[]; onClear: () => void }) {
  const able = (act: TaskAction) => props.tasks.filter((task) => canDoToTask(act, task.status))
  const run = async (act: TaskAction): Promise<void> => {
    const tasks = able(act)
    const names = new Map(tasks.map((task) => [task.id, task.name]))
    const results = await actOnEach([...names.keys()], (id) =>
      setTaskStatus(id, act === 'requeue' ? 'queued' : 'canceled'),
    )
    tellOutcome(
      act === 'requeue' ? 'Requeued' : 'Canceled',
      'task',
      results,
      (id) => names.get(id) ?? id,
    )
  }
  const words = (act: TaskAction, verb: string): string => {
    const count = able(act).length
    return count > 0 && count < props.tasks.length
      ? `${verb} ${count} of ${props.tasks.length}`
      : verb
  }
  return (
    <div class={styles.bar} role="toolbar" aria-label="Selected tasks">
      <span>{formatCount(props.tasks.length, 'task')} selected</span>
      <button
        type="button"
        class="button"
        disabled={able('requeue').length === 0}
        onClick={() => void run('requeue')}
      >
        {words('requeue', 'Requeue')}
      </button>
      <button
        type="button"
        class="button"
        disabled={able('cancel').length === 0}
        onClick={() => void run('cancel')}
      >
        {words('cancel', 'Cancel')}
      </button>
      <button type="button" class="button quiet" onClick={() => props.onClear()}>
        Clear selection
      </button>
    </div>
  )
}
