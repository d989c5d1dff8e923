import { createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js'
import { actOnEach } from './acts.ts'
import { call } from './api.ts'
import { tellOutcome } from './do-acts.ts'
import type { DoctorAnswer, WorkerRow } from './wire.ts'

/** What a worker rendered when it looked itself over: a small frame on each of its devices. */
export interface TestRender {
  id: string
  name: string
  status: 'ok' | 'fail' | 'waiting'
  /** What it rendered on and how long that took, or what went wrong. */
  told: string
}

// A page of a large farm must not ask for thousands of reports.
const mostWorkers = 100
const absent = new Set(['offline', 'error'])

/** The test frames of the workers that are there and render, kept up to date while the page is open. */
export function createTestRenders(workers: () => readonly WorkerRow[]) {
  const asked = createMemo(() =>
    workers()
      .filter((one) => one.supported_task_types.includes('blender') && !absent.has(one.status))
      .slice(0, mostWorkers)
      .map(({ id }) => id),
  )
  const [reports, setReports] = createSignal<ReadonlyMap<string, DoctorAnswer>>(new Map())
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking || document.hidden) return
    isLooking = true
    const found = new Map(reports())
    // Few at a time: a browser has six connections for everything that this page reads.
    await actOnEach(
      asked(),
      async (id) => {
        found.set(id, await call<DoctorAnswer>(`/farm/workers/${id}/doctor`))
      },
      2,
    )
    isLooking = false
    setReports(found)
  }
  createEffect(
    on(
      () => asked().join(),
      () => void look(),
    ),
  )
  const timer = setInterval(() => void look(), 5000)
  onCleanup(() => clearInterval(timer))

  const nameOf = (id: string): string => workers().find((one) => one.id === id)?.name ?? id
  const all = createMemo(() =>
    asked().map((id) => ({ id, name: nameOf(id), ...renderIn(reports().get(id)) })),
  )
  return {
    all,
    isDone: () => all().length > 0 && all().every(({ status }) => status === 'ok'),
    /** Asks every worker for a new one. */
    async ask(): Promise<void> {
      const request = (id: string) => call(`/farm/workers/${id}/doctor/request`, { method: 'POST' })
      tellOutcome('Asked', 'worker', await actOnEach(asked(), request), nameOf)
    },
  }
}

/** A worker renders when one of its devices does; what fails beside it is told on the worker's page. */
export function renderIn(report: DoctorAnswer | undefined): Pick<TestRender, 'status' | 'told'> {
  const renders = (report?.checks ?? []).filter(({ id }) => id.startsWith('device'))
  const good = renders.find(({ status }) => status === 'ok')
  if (good) return { status: 'ok', told: good.value ?? good.title }
  const bad = renders.find(({ status }) => status === 'fail')
  if (bad)
    return { status: 'fail', told: [bad.value ?? bad.title, bad.hint].filter(Boolean).join('. ') }
  return { status: 'waiting', told: 'renders one as soon as it has nothing else to do' }
}
