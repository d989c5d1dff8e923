import { createMemo, For, Show } from 'solid-js'
import { formatDuration } from '../../farm/format.ts'
import { cellStatuses, type Frames, timeScale } from '../../farm/frames-buffer.ts'
import { lookOf } from '../../farm/status.ts'
import type { FrameStatus } from '../../farm/wire.ts'
import type { GridMode } from './drawing.ts'
import styles from './grid.module.css'

/** What the colours of the present mode mean. */
export function Legend(props: { frames: Frames; mode: GridMode }) {
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
        <Show when={props.frames.reused.includes(1)}>
          <span>
            <i data-status="reused" class={styles.swatch} />
            reused from an earlier job
          </span>
        </Show>
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
