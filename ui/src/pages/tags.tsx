import { A } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { call } from '../farm/api.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import type { WorkerTag, WorkerTagList } from '../farm/wire.ts'
import { createWorkers } from '../farm/workers.ts'
import { Dialog } from '../parts/dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Told } from '../parts/told.tsx'
import page from './page.module.css'
import styles from './tags.module.css'

/** Which workers take which jobs. */
export function Tags() {
  const farm = useFarm()
  const tags = createRead<WorkerTagList>(() => '/worker-mgt/tags', { soonMs: 200 })
  const workers = createWorkers()
  farm.useTopic(() => 'tags')
  farm.on('tag', tags.reloadSoon)
  const [editing, setEditing] = createSignal<WorkerTag>()
  const [removing, setRemoving] = createSignal<WorkerTag>()
  const uses = createMemo(() => {
    const counts = new Map<string, number>()
    for (const worker of workers.data()?.workers ?? [])
      for (const tag of worker.tags) counts.set(tag.id ?? '', (counts.get(tag.id ?? '') ?? 0) + 1)
    return counts
  })
  const usesOf = (tag: WorkerTag): number => uses().get(tag.id ?? '') ?? 0

  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const body = { name: String(form.get('name')), description: String(form.get('description')) }
    const id = editing()?.id
    setEditing(undefined)
    const results = await actOnEach([body.name], () =>
      id === undefined
        ? call('/worker-mgt/tags', { method: 'POST', body })
        : call(`/worker-mgt/tag/${id}`, { method: 'PUT', body }),
    )
    tellOutcome(id === undefined ? 'Created' : 'Saved', 'tag', results, (name) => name)
    tags.reload()
  }
  const remove = async (): Promise<void> => {
    const tag = removing()
    setRemoving(undefined)
    if (!tag) return
    const results = await actOnEach([tag.name], () =>
      call(`/worker-mgt/tag/${tag.id}`, { method: 'DELETE' }),
    )
    tellOutcome('Removed', 'tag', results, (name) => name)
    tags.reload()
  }

  return (
    <div class={page.page}>
      <PageHead above={{ href: '/workers', label: 'Workers' }} title="Tags">
        <button type="button" class="button primary" onClick={() => setEditing({ name: '' })}>
          New tag
        </button>
      </PageHead>
      <p class="muted">
        A job with a tag goes only to workers that have it; a job without one goes to every worker.
      </p>
      <Told read={tags} what="the tags">
        {(data) => (
          <section class="card" aria-label="Tags">
            <Show
              when={(data().tags?.length ?? 0) > 0}
              fallback={
                <EmptyState
                  icon="worker"
                  title="No tags yet"
                  sentence="Make one to keep some jobs on some workers, such as those with large GPUs."
                />
              }
            >
              <table class="table">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>Description</th>
                    <th class="number">Workers</th>
                    <th>
                      <span class="sr-only">Acts</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <For each={data().tags}>
                    {(tag) => (
                      <tr>
                        <td>
                          <b>{tag.name}</b>
                        </td>
                        <td class="muted">{tag.description}</td>
                        <td class="number">
                          <A href={`/workers?q=${encodeURIComponent(tag.name)}`}>{usesOf(tag)}</A>
                        </td>
                        <td class={styles.acts}>
                          <button
                            type="button"
                            class="button quiet"
                            onClick={() => setEditing(tag)}
                          >
                            Edit
                          </button>
                          <button
                            type="button"
                            class="button quiet"
                            onClick={() => setRemoving(tag)}
                          >
                            Remove…
                          </button>
                        </td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </Show>
          </section>
        )}
      </Told>
      <Dialog
        open={editing() !== undefined}
        onClose={() => setEditing(undefined)}
        title={editing()?.id ? 'Edit the tag' : 'New tag'}
      >
        <form class={styles.form} onSubmit={(event) => void save(event)}>
          <label>
            Name
            <input
              class="input"
              name="name"
              required
              maxlength="256"
              value={editing()?.name ?? ''}
            />
          </label>
          <label>
            Description
            <input class="input" name="description" value={editing()?.description ?? ''} />
          </label>
          <button type="submit" class="button primary">
            Save the tag
          </button>
        </form>
      </Dialog>
      <Dialog
        open={removing() !== undefined}
        onClose={() => setRemoving(undefined)}
        title={`Remove the tag “${removing()?.name}”?`}
      >
        <p>
          {formatCount(usesOf(removing() ?? { name: '' }), 'worker')} will lose it, and jobs with it
          can then be taken by every worker.
        </p>
        <div class="row-gap">
          <button type="button" class="button primary" onClick={() => void remove()}>
            Remove {removing()?.name}
          </button>
          <button type="button" class="button" onClick={() => setRemoving(undefined)}>
            Keep
          </button>
        </div>
      </Dialog>
    </div>
  )
}
