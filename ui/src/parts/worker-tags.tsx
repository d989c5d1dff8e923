import { A } from '@solidjs/router'
import { For } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { createRead } from '../farm/read.ts'
import type { Worker, WorkerTagList } from '../farm/wire.ts'
import { Told } from './told.tsx'
import styles from './worker-tags.module.css'

/** Which of the farm's tags a worker has: each is a switch. */
export function WorkerTags(props: { worker: Worker; onChange: () => void }) {
  const tags = createRead<WorkerTagList>(() => '/worker-mgt/tags')
  const chosen = () => props.worker.tags.flatMap((tag) => tag.id ?? [])
  const set = async (ids: readonly string[]): Promise<void> => {
    const before = chosen()
    const send = (tagIds: readonly string[]) =>
      actOnEach([props.worker.id], (id) =>
        call(`/worker-mgt/workers/${id}/settags`, { method: 'POST', body: { tag_ids: tagIds } }),
      )
    tellOutcome(
      'Tags set for',
      'worker',
      await send(ids),
      () => props.worker.name,
      () => {
        void send(before).then(props.onChange)
      },
    )
    props.onChange()
  }
  return (
    <section class="card" aria-label="Tags">
      <header>
        <h2>Tags</h2>
        <A href="/workers/tags" class="spread">
          All tags
        </A>
      </header>
      <p class="muted">
        A worker with tags takes jobs of these tags and jobs without one; a worker without tags
        takes only jobs without one.
      </p>
      <Told read={tags} what="the tags">
        {(data) => (
          <ul class={styles.tags}>
            <For each={data().tags} fallback={<li class="faint">No tags exist yet.</li>}>
              {(tag) => (
                <li>
                  <label class={styles.check}>
                    <input
                      type="checkbox"
                      checked={chosen().includes(tag.id ?? '')}
                      onChange={(event) =>
                        void set(
                          event.currentTarget.checked
                            ? [...chosen(), tag.id!]
                            : chosen().filter((id) => id !== tag.id),
                        )
                      }
                    />
                    {tag.name} <span class="faint">{tag.description}</span>
                  </label>
                </li>
              )}
            </For>
          </ul>
        )}
      </Told>
    </section>
  )
}
