import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { actOnEach, setTaskStatus } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { exclusionsOf } from '../farm/exclusion.ts'
import { formatCount } from '../farm/format.ts'
import type { AttentionItem } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import styles from './attention-card.module.css'
import { ExcludeButton } from './exclude-button.tsx'
import { Glyph } from './glyph.tsx'

/** Where those kinds are mended that no button here mends. */
const places: Partial<Record<AttentionItem['kind'], { href: string; label: string }>> = {
  'no-eligible-worker': { href: '/workers?view=table', label: 'See what workers take' },
  'storage-low': { href: '/storage/gc', label: 'Plan a collection' },
  'upload-stalled': { href: '/jobs/submit', label: 'Submit again' },
  'version-skew': { href: '/workers?view=table&sort=version', label: 'See the versions' },
}

/** One cause of trouble, however many tasks it hit, and what can be done about it. */
export function AttentionCard(props: { item: AttentionItem; onDone: () => void }) {
  const item = () => props.item
  // A worker that is gone or broken takes no tasks anyway.
  const exclusions = () => (item().kind === 'failures' ? exclusionsOf(item()) : [])
  const acknowledge = async (): Promise<void> => {
    const results = await actOnEach([item().id], (id) =>
      call(`/farm/attention/${encodeURIComponent(id)}/acknowledge`, { method: 'POST' }),
    )
    tellOutcome('Acknowledged', 'issue', results, () => `“${item().title}”`)
    props.onDone()
  }
  const requeue = async (): Promise<void> => {
    const names = new Map(item().tasks.map((task) => [task.id, task.name]))
    const results = await actOnEach([...names.keys()], (id) => setTaskStatus(id, 'queued'))
    tellOutcome('Requeued', 'task', results, (id) => names.get(id) ?? id)
    props.onDone()
  }
  return (
    <article
      class={styles.card}
      data-severity={item().severity}
      data-seen={item().acknowledged ? '' : undefined}
    >
      <span class={styles.glyph}>
        <Glyph name={item().severity === 'error' ? 'cross' : 'bang'} />
      </span>
      <div class={styles.body}>
        <h3 class={styles.title}>{item().title}</h3>
        <p class={styles.detail}>{item().detail}</p>
        <Show when={item().hint}>
          <p>{item().hint}</p>
        </Show>
        <p class={styles.facts}>
          <Show when={item().kind === 'failures' && item().count > 0}>
            <span>{formatCount(item().tasks.length, 'task')}</span>
          </Show>
          <Links
            label="job"
            links={item().jobs.map((job) => ({ href: `/jobs/${job.id}`, name: job.name }))}
          />
          <Links
            label="worker"
            links={item().workers.map((worker) => ({
              href: `/workers/${worker.id}`,
              name: worker.name,
            }))}
          />
          <span>
            since <Ago time={item().since} />
          </span>
        </p>
      </div>
      <div class={styles.actions}>
        <Show when={item().tasks[0]}>
          {(task) => (
            <A class="button" href={`/jobs/${task().job_id}/tasks/${task().id}`}>
              Open first log
            </A>
          )}
        </Show>
        <Show when={item().kind === 'failures' && item().tasks.length > 0}>
          <button type="button" class="button" onClick={() => void requeue()}>
            Requeue {formatCount(item().tasks.length, 'task')}
          </button>
        </Show>
        <Show when={exclusions().length > 0}>
          <ExcludeButton exclusions={exclusions()} onDone={props.onDone} />
        </Show>
        <Show when={places[item().kind]}>
          {(place) => (
            <A class="button" href={place().href}>
              {place().label}
            </A>
          )}
        </Show>
        <Show when={!item().acknowledged}>
          <button type="button" class="button quiet" onClick={() => void acknowledge()}>
            Acknowledge
          </button>
        </Show>
      </div>
    </article>
  )
}

function Links(props: { label: string; links: readonly { href: string; name: string }[] }) {
  return (
    <Show when={props.links.length > 0}>
      <span>
        <For each={props.links.slice(0, 3)}>
          {(link, index) => (
            <>
              {index() > 0 ? ', ' : ''}
              <A href={link.href}>{link.name}</A>
            </>
          )}
        </For>
        <Show when={props.links.length > 3}>
          {' '}
          and {formatCount(props.links.length - 3, `more ${props.label}`)}
        </Show>
      </span>
    </Show>
  )
}
