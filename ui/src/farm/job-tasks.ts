import { batch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js'
import { type ApiError, asApiError, call } from './api.ts'
import type { Farm } from './farm.tsx'
import { createPages, type Pages } from './pages.ts'
import type { TaskPage, TaskRow } from './wire.ts'

/** A job's tasks in their order, loaded page by page as they are wanted, and kept up to date. */
export function createJobTasks(
  farm: Farm,
  { jobId, statuses }: { jobId: () => string; statuses: () => string | undefined },
) {
  const [version, setVersion] = createSignal(0)
  const [error, setError] = createSignal<ApiError>()
  const [loaded, setLoaded] = createSignal(false)
  let pages: Pages<TaskRow> | undefined
  let soon: ReturnType<typeof setTimeout> | undefined

  createEffect(
    on([jobId, statuses], ([job, status]) => {
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
  farm.on('job', (event) => event.id === jobId() && event.refresh_tasks && refreshSoon())
  farm.on('task', (event) => {
    if (event.job_id !== jobId()) return
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

  return {
    total,
    keys,
    error,
    isLoaded: loaded,
    rows: (): readonly TaskRow[] => {
      version()
      return pages?.loadedRows() ?? []
    },
    rowAt(index: number): TaskRow | undefined {
      version()
      return pages?.rowAt(index)
    },
    /** Loads what of these is not there yet. */
    want(from: number, to: number): void {
      pages?.want(Math.max(0, from), Math.min(total(), to))
    },
    refresh: (): void => pages?.refresh(),
  }
}
