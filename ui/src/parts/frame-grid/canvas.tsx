import { useNavigate } from '@solidjs/router'
import { createSignal, onMount, Show } from 'solid-js'
import { indexRange, isTrouble, snapToTasks } from '../../farm/frames-buffer.ts'
import { CellCard } from './cell-card.tsx'
import styles from './grid.module.css'
import { moveBy } from './keys.ts'
import { cellAt, cellOrigin } from './layout.ts'
import { createPainter, type Painted } from './painter.ts'
import { sayCell } from './summary.ts'

/** The cells: drawn, pointed at, and moved through by keys. */
export function Canvas(
  props: Painted & { jobId: string; onChoose: (chosen: ReadonlySet<number>) => void },
) {
  let host!: HTMLDivElement
  let canvas!: HTMLCanvasElement
  let ring!: HTMLDivElement
  const navigate = useNavigate()
  const { layout, mount } = createPainter(props)
  const [active, setActive] = createSignal(0)
  const [hover, setHover] = createSignal<number>()
  const [focused, setFocused] = createSignal(false)
  /** Where a range of keys or of a drag begins. */
  let anchor: number | undefined
  let dragFrom: number | undefined
  onMount(() => mount(host, canvas))

  const indexAt = (event: PointerEvent): number | undefined => {
    const box = canvas.getBoundingClientRect()
    return cellAt(layout(), props.frames.count, event.clientX - box.left, event.clientY - box.top)
  }
  const choose = (from: number, to: number, kept: ReadonlySet<number> = new Set()): void => {
    props.onChoose(new Set([...kept, ...snapToTasks(props.frames, indexRange(from, to))]))
  }
  const onPointerDown = (event: PointerEvent): void => {
    const index = indexAt(event)
    if (index === undefined || event.button !== 0) return
    if (event.shiftKey) choose(active(), index)
    else if (event.ctrlKey || event.metaKey) {
      const cells = snapToTasks(props.frames, new Set([index]))
      const next = new Set(props.chosen)
      for (const cell of cells) if (!next.delete(cell)) next.add(cell)
      props.onChoose(next)
    } else {
      dragFrom = index
      canvas.setPointerCapture(event.pointerId)
    }
    if (!event.shiftKey) setActive(index)
    ring.focus({ preventScroll: true })
  }
  const onPointerMove = (event: PointerEvent): void => {
    const index = indexAt(event)
    setHover(index)
    if (dragFrom === undefined || index === undefined) return
    if (index !== dragFrom || props.chosen.size > 0) choose(dragFrom, index)
  }
  const onPointerUp = (event: PointerEvent): void => {
    if (dragFrom !== undefined && indexAt(event) === dragFrom) choose(dragFrom, dragFrom)
    dragFrom = undefined
  }
  const openCell = (index: number): void => {
    const task = props.frames.taskIds[props.frames.task[index]!]
    if (props.frames.kind === 'frames') {
      navigate(`/jobs/${props.jobId}/frames/${props.frames.number[index]}`)
    } else if (task !== undefined) navigate(`/jobs/${props.jobId}/tasks/${task}`)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Enter') openCell(active())
    else if (event.key === 'Escape') {
      // With nothing chosen it goes up, as everywhere.
      if (props.chosen.size === 0) return
      props.onChoose(new Set<number>())
    } else if (event.key === ' ' || event.key === 'x') choose(active(), active(), props.chosen)
    else {
      const to = moveBy(
        event.key,
        active(),
        { count: props.frames.count, columns: layout().columns },
        (index) => isTrouble(props.frames, index),
      )
      if (to === undefined) return
      if (event.shiftKey && event.key !== 'F') {
        anchor ??= active()
        choose(anchor, to)
      } else anchor = undefined
      setActive(to)
    }
    event.preventDefault()
    event.stopPropagation()
  }

  const shown = () => hover() ?? (focused() ? active() : undefined)
  const place = () => cellOrigin(layout(), Math.min(active(), props.frames.count - 1))

  return (
    <div
      ref={host}
      class={styles.host}
      role="grid"
      aria-label="Frames by number"
      aria-rowcount={layout().rows}
    >
      <div role="row" style={{ display: 'contents' }}>
        <canvas
          ref={canvas}
          aria-hidden="true"
          class={styles.canvas}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => setHover(undefined)}
          onDblClick={() => openCell(active())}
        />
        <div
          ref={ring}
          role="gridcell"
          tabindex="0"
          class={styles.ring}
          aria-label={sayCell(props.frames, Math.min(active(), props.frames.count - 1))}
          aria-selected={props.chosen.has(active())}
          style={{
            transform: `translate(${place().x - 2}px, ${place().y - 2}px)`,
            width: `${layout().side + 2}px`,
            height: `${layout().side + 2}px`,
          }}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
        />
      </div>
      <Show when={shown()}>
        {(index) => <CellCard frames={props.frames} index={index()} layout={layout()} />}
      </Show>
    </div>
  )
}
