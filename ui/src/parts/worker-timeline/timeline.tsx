import { A, useNavigate } from '@solidjs/router'
import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show } from 'solid-js'
import { useClock } from '../../farm/clock.ts'
import { formatClock, formatDuration } from '../../farm/format.ts'
import type { Attempt } from '../../farm/wire.ts'
import { EmptyState } from '../empty-state.tsx'
import { onThemeChange } from '../frame-grid/palette.ts'
import { AttemptSelection } from './attempt-selection.tsx'
import { paint, rowHeight } from './paint.ts'
import {
  attemptsIn,
  type Bar,
  type Brush,
  panSpan,
  type Span,
  sortRows,
  spanOf,
  type TimelineRow,
  type TimelineSort,
  type TimelineWorker,
  ticksOf,
  timelineRows,
  zoomSpan,
} from './rows.ts'
import styles from './timeline.module.css'

const sorts: readonly { by: TimelineSort; label: string }[] = [
  { by: 'name', label: 'Name' },
  { by: 'busy', label: 'Busy' },
  { by: 'failed', label: 'Failures' },
]

/** A row for each worker, a bar for each attempt: who did what when, and where the gaps are. */
export function WorkerTimeline(props: {
  title: string
  attempts: readonly Attempt[]
  /** Shown even if they did nothing. */
  workers?: readonly TimelineWorker[]
}) {
  const now = useClock()
  const [sort, setSort] = createSignal<TimelineSort>('name')
  const running = createMemo(() => props.attempts.some((attempt) => !attempt.ended))
  // While something runs the now-line moves; otherwise the picture stands still.
  const edge = () => (running() ? now() : 0)
  const rows = createMemo(() =>
    sortRows(timelineRows(props.attempts, Date.now(), props.workers), sort()),
  )
  const whole = createMemo(() => {
    edge()
    return spanOf(rows(), Date.now())
  })
  const [zoomed, setZoomed] = createSignal<Span>()
  const span = () => zoomed() ?? whole()
  const [chosenIds, setChosenIds] = createSignal<ReadonlySet<string>>(new Set())
  // Of what is shown now: a reload tells what became of the tasks.
  const chosen = createMemo(() => props.attempts.filter((one) => chosenIds().has(one.id)))
  return (
    <div>
      <div class="card-head">
        <h2>{props.title}</h2>
        <Show when={rows().length > 0}>
          <span class="muted">
            {formatClock(span().from).slice(0, 5)} –{' '}
            {running() && !zoomed() ? 'now' : formatClock(span().to).slice(0, 5)}
          </span>
          <Show when={zoomed()}>
            <button type="button" class="button quiet" onClick={() => setZoomed(undefined)}>
              Show all
            </button>
          </Show>
          <Show
            when={chosen().length === 0}
            fallback={
              <AttemptSelection
                attempts={chosen()}
                onClear={() => setChosenIds(new Set<string>())}
              />
            }
          >
            <div class="segments spread" role="group" aria-label="Sort workers by">
              <For each={sorts}>
                {(one) => (
                  <button
                    type="button"
                    aria-pressed={sort() === one.by}
                    onClick={() => setSort(one.by)}
                  >
                    {one.label}
                  </button>
                )}
              </For>
            </div>
          </Show>
        </Show>
      </div>
      <Show
        when={rows().length > 0}
        fallback={<EmptyState small icon="worker" title="No worker has begun yet" />}
      >
        <div class={styles.body}>
          <ul class={styles.names}>
            <For each={rows()}>
              {(row) => (
                <li>
                  <A
                    href={`/workers/${row.workerId}`}
                    title={`${row.name}: ${row.bars.length} attempts, ${row.failed} failed`}
                  >
                    {row.name}
                  </A>
                </li>
              )}
            </For>
          </ul>
          <Bars
            rows={rows()}
            span={span()}
            whole={whole()}
            onSpan={setZoomed}
            onBrush={(brush) =>
              setChosenIds(new Set(attemptsIn(rows(), brush).map((attempt) => attempt.id)))
            }
          />
        </div>
      </Show>
    </div>
  )
}

interface Box {
  left: number
  top: number
  width: number
  height: number
}

function Bars(props: {
  rows: readonly TimelineRow[]
  span: Span
  whole: Span
  onSpan: (span: Span | undefined) => void
  onBrush: (brush: Brush) => void
}) {
  let host!: HTMLDivElement
  let canvas!: HTMLCanvasElement
  const navigate = useNavigate()
  const [width, setWidth] = createSignal(0)
  const [theme, setTheme] = createSignal(0)
  const [hover, setHover] = createSignal<{ bar: Bar; row: number; x: number }>()
  let drag: { x: number; y: number; span: Span; pans: boolean; moved: boolean } | undefined
  const [brushed, setBrushed] = createSignal<Box>()

  onMount(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    observer.observe(host)
    const stop = onThemeChange(() => setTheme((n) => n + 1))
    // A listener of our own: wheel handlers given in JSX are passive and cannot keep the page still.
    host.addEventListener('wheel', onWheel, { passive: false })
    onCleanup(() => {
      observer.disconnect()
      stop()
    })
  })
  const height = () => props.rows.length * rowHeight
  const xOf = (time: number): number =>
    ((time - props.span.from) / (props.span.to - props.span.from)) * width()
  const timeAt = (x: number): number =>
    props.span.from + (x / Math.max(1, width())) * (props.span.to - props.span.from)

  createEffect(
    on([() => props.rows, () => props.span, width, theme], () => {
      if (width() > 0) paint(canvas, width(), height(), props.rows, xOf)
    }),
  )

  function onWheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const x = event.clientX - host.getBoundingClientRect().left
    const next = zoomSpan(props.span, props.whole, timeAt(x), event.deltaY > 0 ? 1.25 : 0.8)
    props.onSpan(next.to - next.from >= props.whole.to - props.whole.from ? undefined : next)
  }
  // Minutes alone would repeat themselves when a few minutes fill the width.
  const tickText = (tick: number): string =>
    props.span.to - props.span.from < 600_000 ? formatClock(tick) : formatClock(tick).slice(0, 5)
  const barAt = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect()
    const row = Math.floor((event.clientY - box.top) / rowHeight)
    const time = timeAt(event.clientX - box.left)
    const bar = props.rows[row]?.bars.find(
      (one) => time >= one.start && time <= (one.end ?? Number.POSITIVE_INFINITY),
    )
    return bar ? { bar, row, x: event.clientX - box.left } : undefined
  }
  const onPointerMove = (event: PointerEvent): void => {
    if (drag) {
      const by = ((drag.x - event.clientX) / width()) * (drag.span.to - drag.span.from)
      if (Math.hypot(drag.x - event.clientX, drag.y - event.clientY) > 3) drag.moved = true
      if (drag.moved && drag.pans) props.onSpan(panSpan(drag.span, props.whole, by))
      else if (drag.moved) brushTo(drag, event)
      return
    }
    setHover(barAt(event))
  }
  const brushTo = (from: { x: number; y: number }, event: PointerEvent): void => {
    const { left: x, top: y } = canvas.getBoundingClientRect()
    const within = (at: number, most: number): number => Math.min(most, Math.max(0, at))
    const left = within(Math.min(from.x, event.clientX) - x, width())
    const right = within(Math.max(from.x, event.clientX) - x, width())
    const top = within(Math.min(from.y, event.clientY) - y, height() - 1)
    const bottom = within(Math.max(from.y, event.clientY) - y, height() - 1)
    setHover(undefined)
    setBrushed({ left, top, width: right - left, height: bottom - top })
    props.onBrush({
      from: timeAt(left),
      to: timeAt(right),
      firstRow: Math.floor(top / rowHeight),
      lastRow: Math.floor(bottom / rowHeight),
    })
  }
  const onPointerUp = (event: PointerEvent): void => {
    setBrushed(undefined)
    const hit = drag?.moved ? undefined : barAt(event)
    drag = undefined
    if (hit) navigate(`/jobs/${hit.bar.attempt.job_id}/tasks/${hit.bar.attempt.task_id}`)
  }

  return (
    <div ref={host} class={styles.host}>
      <canvas
        ref={canvas}
        class={styles.canvas}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return
          const { clientX: x, clientY: y, shiftKey: pans } = event
          drag = { x, y, span: props.span, pans, moved: false }
          canvas.setPointerCapture(event.pointerId)
        }}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={() => setHover(undefined)}
      />
      <Show when={brushed()}>
        {(box) => (
          <div
            class={styles.brush}
            style={{
              left: `${box().left}px`,
              top: `${box().top}px`,
              width: `${box().width}px`,
              height: `${box().height}px`,
            }}
          />
        )}
      </Show>
      <div class={styles.ticks} aria-hidden="true">
        <For each={ticksOf(props.span, Math.max(2, Math.floor(width() / 90)))}>
          {(tick) => <span style={{ left: `${xOf(tick)}px` }}>{tickText(tick)}</span>}
        </For>
      </div>
      <Show when={hover()}>
        {(at) => (
          <div
            class={styles.tip}
            style={{
              top: `${(at().row + 1) * rowHeight + 4}px`,
              ...(at().x > width() / 2
                ? { right: `${width() - at().x}px` }
                : { left: `${at().x}px` }),
            }}
          >
            <b>{at().bar.attempt.task_name}</b>
            <span>
              {at().bar.attempt.outcome ?? 'running'} on {props.rows[at().row]?.name},{' '}
              {formatDuration((at().bar.end ?? Date.now()) - at().bar.start)} from{' '}
              {formatClock(at().bar.start)}
            </span>
            <Show when={at().bar.attempt.excerpt}>
              <span class={styles.excerpt}>{at().bar.attempt.excerpt}</span>
            </Show>
          </div>
        )}
      </Show>
    </div>
  )
}
