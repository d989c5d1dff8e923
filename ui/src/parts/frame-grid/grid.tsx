import { A } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { formatDuration } from '../../farm/format.ts'
import { formatFrames } from '../../farm/frame-range.ts'
import { type Frames, snapToTasks } from '../../farm/frames-buffer.ts'
import type { JobFramesLive } from '../../farm/job-frames.ts'
import { Canvas } from './canvas.tsx'
import type { GridMode } from './drawing.ts'
import styles from './grid.module.css'
import { Legend } from './legend.tsx'
import { GridSelection } from './selection-bar.tsx'
import { medianMs, stepOf, troubleIndices } from './summary.ts'

const modes: readonly { mode: GridMode; label: string }[] = [
  { mode: 'status', label: 'Status' },
  { mode: 'time', label: 'Render time' },
  { mode: 'worker', label: 'Worker' },
  { mode: 'attempts', label: 'Attempts' },
]

const rangesAtMost = 12

/** Every frame of a job as a cell: what state, how long, by whom, how often tried. */
export function FrameGrid(props: { jobId: string; live: JobFramesLive; frames: Frames }) {
  const [mode, setMode] = createSignal<GridMode>('status')
  const [highlight, setHighlight] = createSignal(0)
  const [chosen, setChosen] = createSignal<ReadonlySet<number>>(new Set())
  const trouble = createMemo(() => troubleIndices(props.frames))
  const troubleRanges = () =>
    formatFrames(
      trouble().map((index) => props.frames.number[index]!),
      stepOf(props.frames),
    ).split(', ')
  const placeOf = (frame: number): string => {
    if (props.frames.kind === 'frames') return `/jobs/${props.jobId}/frames/${frame}`
    const task = props.frames.task[props.frames.number.indexOf(frame)]!
    return `/jobs/${props.jobId}/tasks/${props.frames.taskIds[task]}`
  }

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
                {trouble().length} in trouble:{' '}
                <span class={`mono ${styles.ranges}`}>
                  <For each={troubleRanges().slice(0, rangesAtMost)}>
                    {(range) => <A href={placeOf(Number.parseInt(range, 10))}>{range}</A>}
                  </For>
                  {troubleRanges().length > rangesAtMost ? '…' : ''}
                </span>
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
