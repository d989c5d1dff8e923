import { A, useNavigate } from '@solidjs/router'
import {
  createEffect,
  createMemo,
  createSignal,
  For,
  on,
  onCleanup,
  onMount,
  Show,
  untrack,
} from 'solid-js'
import { formatDuration } from '../../farm/format.ts'
import { formatFrames } from '../../farm/frame-range.ts'
import {
  cellStatuses,
  type Frames,
  indexRange,
  isTrouble,
  snapToTasks,
  statusAt,
  timeScale,
} from '../../farm/frames-buffer.ts'
import type { JobFramesLive } from '../../farm/job-frames.ts'
import { lookOf } from '../../farm/status.ts'
import type { FrameStatus } from '../../farm/wire.ts'
import { type Drawing, drawCells, drawLabels, type GridMode } from './draw.ts'
import styles from './grid.module.css'
import { moveBy } from './keys.ts'
import { cellAt, cellOrigin, type GridLayout, layoutGrid } from './layout.ts'
import { onThemeChange, readPalette } from './palette.ts'
import { GridSelection } from './selection-bar.tsx'
import { medianMs, sayCell, stepOf, troubleIndices } from './summary.ts'

const modes: readonly { mode: GridMode; label: string }[] = [
  { mode: 'status', label: 'Status' },
  { mode: 'time', label: 'Render time' },
  { mode: 'worker', label: 'Worker' },
  { mode: 'attempts', label: 'Attempts' },
]

/** Every frame of a job as a cell: what state, how long, by whom, how often tried. */
export function FrameGrid(props: { jobId: string; live: JobFramesLive; frames: Frames }) {
  const [mode, setMode] = createSignal<GridMode>('status')
  const [highlight, setHighlight] = createSignal(0)
  const [chosen, setChosen] = createSignal<ReadonlySet<number>>(new Set())
  const trouble = createMemo(() => troubleIndices(props.frames))
  const step = () => stepOf(props.frames)
  const troubleFrames = () =>
    formatFrames(
      trouble().map((index) => props.frames.number[index]!),
      step(),
    )

  return (
    <section class={`card ${styles.card}`} aria-label="Frames">
      <header>
        <h2>{props.frames.kind === 'frames' ? 'Frames' : 'Tasks'}</h2>
        <Legend frames={props.frames} mode={mode()} />
        <Show when={mode() === 'worker'}>
          <select
            class="input"
            aria-label="Worker to show"
            value={highlight()}
            onChange={(event) => setHighlight(Number(event.currentTarget.value))}
          >
            <For each={props.frames.workers}>
              {(worker, index) => <option value={index()}>{worker.name}</option>}
            </For>
          </select>
        </Show>
        <div class="segments spread" role="group" aria-label="Colour by">
          <For each={modes}>
            {(one) => (
              <button
                type="button"
                aria-pressed={mode() === one.mode}
                onClick={() => setMode(one.mode)}
              >
                {one.label}
              </button>
            )}
          </For>
        </div>
      </header>
      <Canvas
        jobId={props.jobId}
        frames={props.frames}
        changed={props.live.changed()}
        mode={mode()}
        highlight={highlight()}
        chosen={chosen()}
        onChoose={setChosen}
      />
      <Show
        when={chosen().size > 0}
        fallback={
          <p class={styles.summary}>
            <Show when={trouble().length > 0} fallback={<span>No frame is in trouble.</span>}>
              <span>
                {trouble().length} in trouble: <span class="mono">{shorten(troubleFrames())}</span>
              </span>
              <button
                type="button"
                class="button quiet"
                onClick={() => setChosen(snapToTasks(props.frames, new Set(trouble())))}
              >
                Select them
              </button>
            </Show>
            <Show when={medianMs(props.frames)}>
              {(ms) => <span class="muted">median {formatDuration(ms())} a frame</span>}
            </Show>
            <A href={`/jobs/${props.jobId}/tasks`} class="spread">
              View as table
            </A>
          </p>
        }
      >
        <GridSelection
          jobId={props.jobId}
          frames={props.frames}
          chosen={chosen()}
          onClear={() => setChosen(new Set<number>())}
        />
      </Show>
    </section>
  )
}

function shorten(text: string): string {
  return text.length > 90 ? `${text.slice(0, text.lastIndexOf(',', 88))}, …` : text
}

function Legend(props: { frames: Frames; mode: GridMode }) {
  const present = createMemo(() => {
    const seen = new Set(props.frames.status)
    return cellStatuses.filter((_, code) => seen.has(code))
  })
  const scale = createMemo(() => timeScale(props.frames.durationMs))
  return (
    <div class={styles.legend}>
      <Show when={props.mode === 'status'}>
        <For each={present()}>
          {(status) => (
            <span>
              <i data-status={status} class={styles.swatch} />
              {labelOf(status)}
            </span>
          )}
        </For>
      </Show>
      <Show when={props.mode === 'time'}>
        <Show when={scale()} fallback={<span>no frame timed yet</span>}>
          {(known) => (
            <span class={styles.ramp}>
              {formatDuration(known().low)} <i aria-hidden="true" /> {formatDuration(known().high)}
              <span class="faint">· outliers ringed</span>
            </span>
          )}
        </Show>
      </Show>
      <Show when={props.mode === 'attempts'}>
        <span class={styles.ramp}>
          1 <i aria-hidden="true" /> 4 or more
        </span>
      </Show>
    </div>
  )
}

function labelOf(status: FrameStatus): string {
  if (status === 'waiting') return 'waiting for other tasks'
  if (status === 'skipped') return 'skipped, was there'
  return lookOf('task', status).label
}

function Canvas(props: {
  jobId: string
  frames: Frames
  changed: readonly number[]
  mode: GridMode
  highlight: number
  chosen: ReadonlySet<number>
  onChoose: (chosen: ReadonlySet<number>) => void
}) {
  let host!: HTMLDivElement
  let canvas!: HTMLCanvasElement
  let ring!: HTMLDivElement
  const navigate = useNavigate()
  const [width, setWidth] = createSignal(0)
  const [theme, setTheme] = createSignal(0)
  const [active, setActive] = createSignal(0)
  const [hover, setHover] = createSignal<number>()
  const layout = createMemo<GridLayout>(() => layoutGrid(props.frames.count, width()))
  let dragFrom: { index: number; kept: ReadonlySet<number> } | undefined

  onMount(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)))
    observer.observe(host)
    const stop = onThemeChange(() => setTheme((n) => n + 1))
    onCleanup(() => {
      observer.disconnect()
      stop()
    })
  })

  const drawing = createMemo(() => {
    theme()
    return width() === 0 ? undefined : readPalette(host)
  })
  const drawingOf = (): Drawing | undefined => {
    const palette = untrack(drawing)
    const ctx = canvas.getContext('2d')
    if (!palette || !ctx) return undefined
    return {
      ctx,
      palette,
      layout: untrack(layout),
      frames: props.frames,
      mode: props.mode,
      highlight: props.highlight,
      selected: props.chosen,
    }
  }
  createEffect(
    on(
      [
        layout,
        () => props.frames,
        () => props.mode,
        () => props.highlight,
        () => props.chosen,
        drawing,
      ],
      () => paintAll(),
    ),
  )
  createEffect(
    on(
      () => props.changed,
      (cells) =>
        requestAnimationFrame(() => {
          const now = drawingOf()
          if (now)
            drawCells(
              now,
              cells.filter((cell) => cell < now.frames.count),
            )
        }),
      { defer: true },
    ),
  )

  function paintAll(): void {
    const now = drawingOf()
    if (!now) return
    const ratio = window.devicePixelRatio || 1
    canvas.width = Math.ceil(now.layout.width * ratio)
    canvas.height = Math.ceil(now.layout.height * ratio)
    canvas.style.width = `${now.layout.width}px`
    canvas.style.height = `${now.layout.height}px`
    now.ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    drawLabels(now)
    drawCells(now)
  }

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
      dragFrom = { index, kept: new Set() }
      canvas.setPointerCapture(event.pointerId)
    }
    if (!event.shiftKey) setActive(index)
    ring.focus({ preventScroll: true })
  }
  const onPointerMove = (event: PointerEvent): void => {
    const index = indexAt(event)
    setHover(index)
    if (dragFrom && index !== undefined && (index !== dragFrom.index || props.chosen.size > 0)) {
      choose(dragFrom.index, index, dragFrom.kept)
    }
  }
  const onPointerUp = (event: PointerEvent): void => {
    if (dragFrom && indexAt(event) === dragFrom.index) choose(dragFrom.index, dragFrom.index)
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
    else if (event.key === 'Escape') props.onChoose(new Set<number>())
    else if (event.key === ' ' || event.key === 'x') choose(active(), active(), props.chosen)
    else {
      const key = event.shiftKey && event.key.startsWith('Arrow') ? event.key : event.key
      const to = moveBy(
        key,
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
  let anchor: number | undefined

  const shown = () => hover() ?? (focused() ? active() : undefined)
  const [focused, setFocused] = createSignal(false)
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

/** What is known of the cell under the pointer or the focus. */
function CellCard(props: { frames: Frames; index: number; layout: GridLayout }) {
  const origin = () => cellOrigin(props.layout, props.index)
  const thumb = () => props.frames.thumbnails.get(props.frames.number[props.index]!)
  const toLeft = () => origin().x > props.layout.width * 0.6
  return (
    <div
      class={styles.tip}
      aria-hidden="true"
      data-status={statusAt(props.frames, props.index)}
      style={{
        top: `${origin().y + props.layout.side + 6}px`,
        ...(toLeft()
          ? { right: `calc(100% - ${origin().x + props.layout.side}px)` }
          : { left: `${origin().x}px` }),
      }}
    >
      <Show when={thumb()}>{(url) => <img src={url()} alt="" class={styles.thumb} />}</Show>
      <span>{sayCell(props.frames, props.index)}</span>
    </div>
  )
}
