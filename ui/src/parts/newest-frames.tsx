import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { createNewestFrames, tellFrame } from '../farm/newest-frames.ts'
import type { JobRow } from '../farm/wire.ts'
import styles from './newest-frames.module.css'

/** The last picture of each job that has one, replaced as newer ones come. */
export function NewestFrames(props: { jobs: readonly JobRow[] }) {
  const made = createNewestFrames()
  return (
    <Show when={props.jobs.length > 0}>
      <section class="card" aria-label="Newest frames">
        <header>
          <h2>Newest frames</h2>
          <A href="/wall" class="spread">
            Wall
          </A>
        </header>
        <ul class={styles.frames}>
          <For each={props.jobs}>
            {(job) => (
              <li>
                <A href={`/jobs/${job.id}`} title={job.name}>
                  <img
                    src={made.of(job.id)?.small ?? job.thumbnail}
                    alt={`Newest frame of ${job.name}`}
                  />
                  <Show when={tellFrame(made.of(job.id))}>
                    {(by) => <span class={styles.by}>{by()}</span>}
                  </Show>
                </A>
              </li>
            )}
          </For>
        </ul>
      </section>
    </Show>
  )
}
