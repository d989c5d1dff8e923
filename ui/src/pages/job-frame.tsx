import { A, useParams } from '@solidjs/router'
import { createMemo, createSignal, Show } from 'solid-js'
import { createComparedPictures, type Picture } from '../farm/compared-pictures.ts'
import { useJob } from '../farm/job-context.ts'
import { createJobFrames } from '../farm/job-frames.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { sayCell } from '../parts/frame-grid/summary.ts'
import { Icon } from '../parts/glyph.tsx'
import { Lightbox } from '../parts/lightbox.tsx'
import { TaskPanel } from '../parts/task-panel.tsx'
import { Told } from '../parts/told.tsx'
import styles from './job-frame.module.css'

/** This frame: its picture, and the task that makes it. */
export function JobFrame() {
  const { id, job } = useJob()
  const params = useParams<{ frame: string }>()
  const live = createJobFrames(id)
  const index = createMemo(() => live.frames()?.number.indexOf(Number(params.frame)) ?? -1)
  const task = createMemo(() => {
    const frames = live.frames()
    return frames && index() >= 0 ? frames.taskIds[frames.task[index()]!] : undefined
  })
  const other = (by: number): number | undefined => live.frames()?.number[index() + by]
  const picture = createMemo<Picture | undefined>(() => {
    const frame = Number(params.frame)
    const url = live.frames()?.thumbnails.get(frame)?.url
    return url ? { url, frame, label: params.frame, name: `Frame ${frame}` } : undefined
  })
  const [isLarge, setIsLarge] = createSignal(false)
  const others = createComparedPictures(
    () => job.data()!,
    () => live.frames(),
    isLarge,
  )
  return (
    <Show
      when={task()}
      keyed
      fallback={
        <Told read={{ ...live, data: live.frames }} what="the frame">
          {() => (
            <EmptyState
              icon="search"
              title={`This job has no frame ${params.frame}.`}
              action={
                <A class="button" href={`/jobs/${id()}`}>
                  All frames
                </A>
              }
            />
          )}
        </Told>
      }
    >
      {(taskId) => (
        <div class={styles.split}>
          <section class="card" aria-label="Frame">
            <header>
              <h2>{sayCell(live.frames()!, index())}</h2>
              <nav class="spread row-gap" aria-label="Frames">
                <Show when={other(-1)}>
                  {(frame) => (
                    <A
                      class="button icon"
                      href={`/jobs/${id()}/frames/${frame()}`}
                      aria-label={`Frame ${frame()}`}
                    >
                      <Icon name="left" />
                    </A>
                  )}
                </Show>
                <Show when={other(1)}>
                  {(frame) => (
                    <A
                      class="button icon"
                      href={`/jobs/${id()}/frames/${frame()}`}
                      aria-label={`Frame ${frame()}`}
                    >
                      <Icon name="right" />
                    </A>
                  )}
                </Show>
              </nav>
            </header>
            <Show
              when={picture()}
              fallback={
                <EmptyState
                  icon="picture"
                  title="No picture of this frame"
                  sentence="Workers send one when a frame is done; the newest of each job are kept."
                />
              }
            >
              {(shown) => (
                <>
                  <button type="button" class={styles.open} onClick={() => setIsLarge(true)}>
                    <img src={shown().url} alt={`Open frame ${params.frame} large`} />
                  </button>
                  <Lightbox
                    pictures={[shown()]}
                    others={others}
                    open={isLarge() ? 0 : undefined}
                    onOpen={(open) => setIsLarge(open !== undefined)}
                  />
                </>
              )}
            </Show>
          </section>
          <TaskPanel jobId={id()} taskId={taskId} />
        </div>
      )}
    </Show>
  )
}
