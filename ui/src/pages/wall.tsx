import { A } from '@solidjs/router'
import { createEffect, createSignal, For, onCleanup, onMount, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import type { JobPage } from '../farm/wire.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import styles from './wall.module.css'

interface Shown {
  key: number
  url: string
  frame: number | undefined
  jobId: string
  job: string
}

/** The newest frames for the room: no chrome, and it reloads itself after an update. */
export function Wall() {
  const farm = useFarm()
  farm.useTopic(() => 'last-rendered')
  const jobs = createRead<JobPage>(() => '/farm/jobs', {
    query: () => ({ sort: '-updated', limit: 24 }),
  })
  const [arrived, setArrived] = createSignal<readonly Shown[]>([])
  let next = 0
  farm.on('last-rendered', (event) => {
    next += 1
    const name = jobs.data()?.jobs.find((job) => job.id === event.job_id)?.name
    if (name === undefined) jobs.reload()
    const fresh: Shown = {
      key: next,
      url: `${event.thumbnail.base}/${event.thumbnail.suffixes[0]}?round=${next}`,
      frame: event.frame,
      jobId: event.job_id,
      job: name ?? '',
    }
    // One picture a job: its address is the same for every frame.
    setArrived((all) => [fresh, ...all.filter((one) => one.jobId !== fresh.jobId)].slice(0, 12))
  })
  farm.on('reset', jobs.reload)
  createEffect(() => farm.outdated() && location.reload())
  onMount(() => {
    document.documentElement.dataset.wall = ''
    onCleanup(() => delete document.documentElement.dataset.wall)
  })
  const shown = (): readonly Shown[] => {
    const seen = new Set(arrived().map((one) => one.jobId))
    const older = (jobs.data()?.jobs ?? [])
      .filter((job) => job.thumbnail && !seen.has(job.id))
      .map((job) => ({
        key: 0,
        url: job.thumbnail!,
        frame: undefined,
        jobId: job.id,
        job: job.name,
      }))
    return [...arrived(), ...older].slice(0, 9)
  }
  return (
    <div class={styles.wall}>
      <h1 class="sr-only">Newest frames</h1>
      <Show
        when={shown().length > 0}
        fallback={<EmptyState icon="picture" title="No frame has been rendered yet." />}
      >
        <ul class={styles.grid} data-count={shown().length}>
          <For each={shown()}>
            {(one) => (
              <li>
                <A href={`/jobs/${one.jobId}`} class={styles.frame}>
                  <img src={one.url} alt={`Newest frame of ${one.job}`} />
                  <span class={styles.caption}>
                    {one.job}
                    {one.frame === undefined ? '' : ` · ${one.frame}`}
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
