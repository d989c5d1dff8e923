import { For, Show } from 'solid-js'
import { formatClock, formatDuration } from '../../farm/format.ts'
import { rowHeight } from './paint.ts'
import { type Bar, placeOf, type Span, type TimelineRow, ticksOf } from './rows.ts'
import styles from './timeline.module.css'

const tickRoom = 90

/** The time of day under the bars. */
export function Ticks(props: { span: Span; width: number }) {
  // Minutes alone would repeat themselves when a few minutes fill the width.
  const tell = (tick: number): string =>
    props.span.to - props.span.from < 600_000 ? formatClock(tick) : formatClock(tick).slice(0, 5)
  return (
    <div class={styles.ticks} data-ticks aria-hidden="true">
      <For each={ticksOf(props.span, Math.max(2, Math.floor(props.width / tickRoom)))}>
        {(tick) => (
          <span style={{ left: within(placeOf(tick, props.span) * props.width, tell(tick)) }}>
            {tell(tick)}
          </span>
        )}
      </For>
    </div>
  )
}

/** The middle of a label: at its time, but never so near an edge that a part of it is cut off. */
function within(x: number, label: string): string {
  const half = `${label.length / 2}ch`
  return `clamp(${half}, ${x}px, calc(100% - ${half}))`
}

/** A bar and where the pointer is on it, in pixels from the left. */
export interface BarPlace {
  bar: Bar
  row: number
  x: number
}

/** What is known of the attempt under the pointer. */
export function BarTip(props: BarPlace & { worker: string; width: number }) {
  const attempt = () => props.bar.attempt
  return (
    <div
      class={styles.tip}
      style={{
        top: `${(props.row + 1) * rowHeight + 4}px`,
        ...(props.x > props.width / 2
          ? { right: `${props.width - props.x}px` }
          : { left: `${props.x}px` }),
      }}
    >
      <b>{attempt().task_name}</b>
      <span>
        {attempt().outcome ?? 'running'} on {props.worker},{' '}
        {formatDuration((props.bar.end ?? Date.now()) - props.bar.start)} from{' '}
        {formatClock(props.bar.start)}
      </span>
      <Show when={attempt().excerpt}>
        <span class={styles.excerpt}>{attempt().excerpt}</span>
      </Show>
    </div>
  )
}

/** What is said of a worker, after the last it did. */
export function Notes(props: {
  rows: readonly TimelineRow[]
  notes: ReadonlyMap<string, string>
  xOf: (time: number) => number
  width: number
}) {
  const endOf = (row: TimelineRow): number => row.bars.at(-1)?.end ?? Date.now()
  return (
    <For each={props.rows}>
      {(row, place) => (
        <Show when={props.notes.get(row.workerId)}>
          {(note) => (
            <span
              class={styles.note}
              style={{
                top: `${place() * rowHeight}px`,
                left: `${Math.max(0, props.xOf(endOf(row)))}px`,
                'max-width': `${Math.max(0, props.width - props.xOf(endOf(row)))}px`,
              }}
            >
              {note()}
            </span>
          )}
        </Show>
      )}
    </For>
  )
}
