import { createMemo, createSignal, For, Show } from 'solid-js'
import { actOnEach, setTaskStatus } from '../farm/acts.ts'
import { createComparedPictures, type Picture } from '../farm/compared-pictures.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import type { Frames } from '../farm/frames-buffer.ts'
import { answered, createRead } from '../farm/read.ts'
import type { FarmJob, JobLastRenderedImageInfo } from '../farm/wire.ts'
import { EmptyState } from './empty-state.tsx'
import styles from './filmstrip.module.css'
import { Lightbox } from './lightbox.tsx'
import { Told } from './told.tsx'

const shownAtMost = 24
// Whoever asked for stillness gets no film.
const wantsStill = matchMedia('(prefers-reduced-motion: reduce)')

/** The newest frames of a job, newest first. */
export function Filmstrip(props: { job: FarmJob; frames: Frames | undefined }) {
  const farm = useFarm()
  const [open, setOpen] = createSignal<number>()
  const [round, setRound] = createSignal(0)
  const last = createRead<JobLastRenderedImageInfo>(() => `/jobs/${props.job.id}/last-rendered`)
  farm.on('last-rendered', (event) => {
    if (event.job_id !== props.job.id) return
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
    return [...frames.thumbnails].slice(0, shownAtMost).map(([frame, { url }]) => ({
      url,
      frame,
      label: labelOf(frames, frame),
      name: `Frame ${frame}`,
    }))
  })
  const others = createComparedPictures(
    () => props.job,
    () => props.frames,
    () => open() !== undefined,
  )
  const [scrubbed, setScrubbed] = createSignal<number>()
  // Across the newest picture the whole film passes by, the oldest at the left; the others stand still.
  const scrub = (event: PointerEvent & { currentTarget: HTMLElement }, cell: number): void => {
    if (cell > 0 || event.pointerType === 'touch' || wantsStill.matches) return
    const { left, width } = event.currentTarget.getBoundingClientRect()
    const share = Math.min(0.999, Math.max(0, (event.clientX - left) / width))
    setScrubbed(Math.floor((1 - share) * pictures().length))
  }
  const placeIn = (cell: number): number => (cell === 0 ? (scrubbed() ?? 0) : cell)
  const shownIn = (cell: number): Picture => pictures()[placeIn(cell)] ?? pictures()[cell]!
  const markBad = async (picture: Picture): Promise<void> => {
    const frames = props.frames
    const index = frames?.number.indexOf(picture.frame ?? Number.NaN) ?? -1
    const task = index < 0 ? undefined : frames?.taskIds[frames.task[index]!]
    if (task === undefined) return
    const reason = `${picture.name} was marked bad in the dashboard`
    const results = await actOnEach([task], (id) => setTaskStatus(id, 'queued', reason))
    tellOutcome('Requeued', 'task', results, () => picture.name)
  }
  return (
    <div>
      <div class="card-head">
        <h2>Last rendered</h2>
      </div>
      <Show
        when={pictures().length > 0}
        fallback={
          <Told read={answered(last)} what="the newest frame">
            {() => (
              <EmptyState
                small
                icon="picture"
                title="No frame yet"
                sentence="Frames show here as soon as a worker has made them."
              />
            )}
          </Told>
        }
      >
        <ul class={styles.strip}>
          <For each={pictures()}>
            {(_picture, index) => (
              <li>
                <button
                  type="button"
                  class={styles.frame}
                  onClick={() => setOpen(placeIn(index()))}
                  onPointerMove={(event) => scrub(event, index())}
                  onPointerLeave={() => setScrubbed(undefined)}
                >
                  <img src={shownIn(index()).url} alt="" loading="lazy" />
                  <span class={styles.label}>
                    <span class="sr-only">Open frame</span> {shownIn(index()).label}
                  </span>
                </button>
              </li>
            )}
          </For>
        </ul>
        <Lightbox
          pictures={pictures()}
          others={others}
          open={open()}
          onOpen={setOpen}
          onBad={props.frames?.kind === 'frames' ? (picture) => void markBad(picture) : undefined}
        />
      </Show>
    </div>
  )
}

function labelOf(frames: Frames, frame: number): string {
  const index = frames.number.indexOf(frame)
  const worker = index < 0 ? undefined : frames.workers[frames.worker[index]!]?.name
  return worker ? `${frame} · ${worker}` : `${frame}`
}
