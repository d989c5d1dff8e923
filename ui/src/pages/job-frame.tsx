import { A, useParams } from '@solidjs/router'
import { createMemo, Show } from 'solid-js'
import { useJob } from '../farm/job-context.ts'
import { createJobFrames } from '../farm/job-frames.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { sayCell } from '../parts/frame-grid/summary.ts'
import { Icon } from '../parts/glyph.tsx'
import { TaskPanel } from '../parts/task-panel.tsx'
import styles from './job-frame.module.css'

/** This frame: its picture, and the task that makes it. */
export function JobFrame() {
  const { id } = useJob()
  const params = useParams<{ frame: string }>()
  const live = createJobFrames(id)
  const index = createMemo(() => live.frames()?.number.indexOf(Number(params.frame)) ?? -1)
  const task = createMemo(() => {
    const frames = live.frames()
    return frames && index() >= 0 ? frames.taskIds[frames.task[index()]!] : undefined
  })
  const other = (by: number): number | undefined => live.frames()?.number[index() + by]
  const picture = () => live.frames()?.thumbnails.get(Number(params.frame))
  return (
    <Show
      when={task()}
      keyed
      fallback={
        <Show when={live.frames()}>
          <EmptyState
            icon="search"
            title={`This job has no frame ${params.frame}.`}
            action={
              <A class="button" href={`/jobs/${id()}`}>
                All frames
              </A>
            }
          />
        </Show>
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
              {(url) => <img class={styles.picture} src={url()} alt={`Frame ${params.frame}`} />}
            </Show>
          </section>
          <TaskPanel jobId={id()} taskId={taskId} />
        </div>
      )}
    </Show>
  )
}
