import { createSignal, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import type { JobLastRenderedImageInfo } from '../farm/wire.ts'
import { EmptyState } from './empty-state.tsx'
import styles from './last-rendered.module.css'

/** The newest frame of a job. */
export function LastRendered(props: { jobId: string }) {
  const farm = useFarm()
  const [round, setRound] = createSignal(0)
  const info = createRead<JobLastRenderedImageInfo>(() => `/jobs/${props.jobId}/last-rendered`)
  farm.on('last-rendered', (event) => {
    if (event.job_id !== props.jobId) return
    setRound(round() + 1)
    info.reloadSoon()
  })
  // The image keeps its address while its content changes, so each round asks for it anew.
  const url = () => `${info.data()?.base}/${info.data()?.suffixes[0]}?round=${round()}`
  return (
    <figure class={`card ${styles.figure}`}>
      <figcaption>
        <h2>Last rendered</h2>
      </figcaption>
      <Show
        when={info.data()}
        fallback={
          <EmptyState
            small
            icon="picture"
            title="No frame yet"
            sentence="The newest frame shows here as soon as a worker has one."
          />
        }
      >
        <img src={url()} alt="The newest frame of this job" class={styles.image} />
      </Show>
    </figure>
  )
}
