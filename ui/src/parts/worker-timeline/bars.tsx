import { useNavigate } from '@solidjs/router'
import { createEffect, createSignal, on, onCleanup, onMount, Show } from 'solid-js'
import { onThemeChange } from '../frame-grid/palette.ts'
import { type BarPlace, BarTip, Notes, Ticks } from './marks.tsx'
import { paint, rowHeight } from './paint.ts'
import { type Brush, panSpan, placeOf, type Span, type TimelineRow, zoomSpan } from './rows.ts'
import styles from './timeline.module.css'

interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** The bars themselves: drawn, zoomed, moved and chosen by a drag. */
export function Bars(props: {
  rows: readonly TimelineRow[]
  span: Span
  whole: Span
  notes: ReadonlyMap<string, string>
  onSpan: (span: Span | undefined) => void
  onBrush: (brush: Brush) => void
}) {
  let host!: HTMLDivElement
  let canvas!: HTMLCanvasElement
  const navigate = useNavigate()
  const [width, setWidth] = createSignal(0)
  const [theme, setTheme] = createSignal(0)
  const [hover, setHover] = createSignal<BarPlace>()
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
  const xOf = (time: number): number => placeOf(time, props.span) * width()
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
  const barAt = (event: PointerEvent): BarPlace | undefined => {
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
      <Notes rows={props.rows} notes={props.notes} xOf={xOf} width={width()} />
      <Ticks span={props.span} width={width()} />
      <Show when={hover()}>
        {(at) => <BarTip {...at()} worker={props.rows[at().row]?.name ?? ''} width={width()} />}
      </Show>
    </div>
  )
}
