import { createMemo, createSignal, For, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import type { Frames } from '../farm/frames-buffer.ts'
import { createRead } from '../farm/read.ts'
import type { JobLastRenderedImageInfo } from '../farm/wire.ts'
import { EmptyState } from './empty-state.tsx'
import styles from './filmstrip.module.css'
import { Lightbox, type Picture } from './lightbox.tsx'

const shownAtMost = 24

/** The newest frames of a job, newest first. */
export function Filmstrip(props: { jobId: string; frames: Frames | undefined }) {
  const farm = useFarm()
  const [open, setOpen] = createSignal<number>()
  const [round, setRound] = createSignal(0)
  const last = createRead<JobLastRenderedImageInfo>(() => `/jobs/${props.jobId}/last-rendered`)
  farm.on('last-rendered', (event) => {
    if (event.job_id !== props.jobId) return
    setRound(round() + 1)
    last.reloadSoon()
  })
  // A job type that does not tell frames still has its newest image; its address stays the same.
  const lastOnly = (): Picture[] => {
    const info = last.data()
    if (!info?.suffixes[0]) return []
    const url = `${info.base}/${info.suffixes[0]}?round=${round()}`
    return [{ url, label: 'newest', name: 'The newest frame' }]
  }
  const pictures = createMemo<Picture[]>(() => {
    const frames = props.frames
    if (!frames || frames.thumbnails.size === 0) return lastOnly()
    return [...frames.thumbnails]
      .toSorted(([a], [b]) => b - a)
      .slice(0, shownAtMost)
      .map(([frame, url]) => ({ url, label: labelOf(frames, frame), name: `Frame ${frame}` }))
  })
  return (
    <div>
      <div class="card-head">
        <h2>Last rendered</h2>
      </div>
      <Show
        when={pictures().length > 0}
        fallback={
          <EmptyState
            small
            icon="picture"
            title="No frame yet"
            sentence="Frames show here as soon as a worker has made them."
          />
        }
      >
        <ul class={styles.strip}>
          <For each={pictures()}>
            {(picture, index) => (
              <li>
                <button type="button" class={styles.frame} onClick={() => setOpen(index())}>
                  <img src={picture.url} alt="" loading="lazy" />
                  <span class={styles.label}>
                    <span class="sr-only">Open frame</span> {picture.label}
                  </span>
                </button>
              </li>
            )}
          </For>
        </ul>
        <Lightbox pictures={pictures()} open={open()} onOpen={setOpen} />
      </Show>
    </div>
  )
}

function labelOf(frames: Frames, frame: number): string {
  const index = frames.number.indexOf(frame)
  const worker = index < 0 ? undefined : frames.workers[frames.worker[index]!]?.name
  return worker ? `${frame} · ${worker}` : `${frame}`
}
