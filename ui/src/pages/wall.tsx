import { A } from '@solidjs/router'
import { createEffect, createMemo, For, onCleanup, onMount, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createLargePictures } from '../farm/large-pictures.ts'
import { createNewestFrames, tellFrame } from '../farm/newest-frames.ts'
import { createRead } from '../farm/read.ts'
import type { JobPage } from '../farm/wire.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { Told } from '../parts/told.tsx'
import styles from './wall.module.css'

interface Shown {
  url: string
  jobId: string
  job: string
  frame?: number | undefined
  worker?: string | undefined
}

const shownAtMost = 9

/** The newest frames for the room: no chrome, and it reloads itself after an update. */
export function Wall() {
  const farm = useFarm()
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ sort: '-updated', limit: 24 }),
  })
  const made = createNewestFrames()
  const jobOf = (id: string) => jobs.data()?.jobs.find((job) => job.id === id)
  farm.on('last-rendered', (event) => jobOf(event.job_id) ?? jobs.reloadSoon())
  createEffect(() => farm.outdated() && location.reload())
  onMount(() => {
    document.documentElement.dataset.wall = ''
    onCleanup(() => delete document.documentElement.dataset.wall)
  })
  const older = createMemo(() =>
    (jobs.data()?.jobs ?? [])
      .filter((job) => job.thumbnail && made.of(job.id) === undefined)
      .slice(0, shownAtMost),
  )
  const largeOf = createLargePictures(() => older().map((job) => job.id))
  const shown = (): readonly Shown[] => {
    const fresh = made.all().map(({ jobId, large, frame, worker }) => {
      return { jobId, url: large, job: jobOf(jobId)?.name ?? '', frame, worker }
    })
    const before = older().map(({ id, name, thumbnail }) => {
      return { jobId: id, url: largeOf(id) ?? thumbnail!, job: name }
    })
    return [...fresh, ...before].slice(0, shownAtMost)
  }
  return (
    <div class={styles.wall}>
      <h1 class="sr-only">Newest frames</h1>
      <Show
        when={shown().length > 0}
        fallback={
          <Told read={jobs} what="the newest frames">
            {() => <EmptyState icon="picture" title="No frame has been rendered yet." />}
          </Told>
        }
      >
        <ul class={styles.grid} data-count={shown().length}>
          <For each={shown()}>
            {(one) => (
              <li>
                <A href={`/jobs/${one.jobId}`} class={styles.frame}>
                  <img src={one.url} alt={`Newest frame of ${one.job}`} />
                  <span class={styles.caption}>
                    {[one.job, tellFrame(one)].filter(Boolean).join(' · ')}
                  </span>
                </A>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </div>
  )
}
