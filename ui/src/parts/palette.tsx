import { useNavigate } from '@solidjs/router'
import { createEffect, createMemo, createSignal, For, Show } from 'solid-js'
import { createRead } from '../farm/read.ts'
import { bestOf } from '../farm/search.ts'
import { lookOf } from '../farm/status.ts'
import { activeShortcuts } from '../farm/use-shortcuts.ts'
import type { JobPage, WorkerPage } from '../farm/wire.ts'
import { Glyph, Icon } from './glyph.tsx'
import { Keys } from './keys.tsx'
import styles from './palette.module.css'

interface Entry {
  id: string
  kind: 'act' | 'job' | 'worker' | 'page'
  label: string
  keys?: string
  status?: string
  run: () => void
}

// What has no key of its own.
const pages: readonly { label: string; href: string }[] = [
  { label: 'Tags', href: '/workers/tags' },
  { label: 'Plan a collection', href: '/storage/gc' },
  { label: 'Job types: what they take', href: '/job-types' },
  { label: 'Get the add-on', href: '/addon' },
  { label: 'Wall of newest frames', href: '/wall' },
  { label: 'Set-up checklist', href: '/welcome' },
  ...['Core', 'Storage', 'Timeouts', 'Events', 'Variables', 'Access', 'Changes'].map((section) => ({
    label: `Settings: ${section.toLowerCase()}`,
    href: `/settings/${section.toLowerCase()}`,
  })),
]

/** Jobs, workers and every act of this page, by name. */
export function Palette(props: { open: boolean; onClose: () => void }) {
  let dialog!: HTMLDialogElement
  const navigate = useNavigate()
  const [typed, setTyped] = createSignal('')
  const [at, setAt] = createSignal(0)
  const jobs = createRead<JobPage>(() => (props.open ? '/farm/jobs' : undefined), {
    query: () => ({ q: typed(), sort: '-updated', limit: 20 }),
  })
  const workers = createRead<WorkerPage>(() => (props.open ? '/farm/workers' : undefined), {
    query: () => ({ limit: 500 }),
  })
  createEffect(() => {
    if (props.open && !dialog.open) {
      setTyped('')
      setAt(0)
      dialog.showModal()
    }
    if (!props.open && dialog.open) dialog.close()
  })
  const entries = createMemo<Entry[]>(() => {
    const acts: Entry[] = activeShortcuts()
      .filter((one) => one.run && one.keys !== 'Mod+K')
      .map((one) => ({
        id: `act-${one.keys}`,
        kind: 'act',
        label: one.label,
        keys: one.keys,
        run: one.run!,
      }))
    const found: Entry[] = (jobs.data()?.jobs ?? []).map((job) => ({
      id: `job-${job.id}`,
      kind: 'job',
      label: job.name,
      status: job.status,
      run: () => navigate(`/jobs/${job.id}`),
    }))
    const machines: Entry[] = (workers.data()?.workers ?? []).map((worker) => ({
      id: `worker-${worker.id}`,
      kind: 'worker',
      label: worker.name,
      status: worker.status,
      run: () => navigate(`/workers/${worker.id}`),
    }))
    const places: Entry[] = pages.map(({ label, href }) => ({
      id: `page-${href}`,
      kind: 'page',
      label,
      run: () => navigate(href),
    }))
    const documentation: Entry = {
      id: 'docs',
      kind: 'page',
      label: 'Documentation',
      run: () => window.open('/docs/', '_blank', 'noreferrer'),
    }
    const pool =
      typed() === ''
        ? [...found.slice(0, 5), ...acts]
        : [...found, ...machines, ...acts, ...places, documentation]
    return typed() === '' ? pool : bestOf(pool, typed(), (entry) => entry.label)
  })
  const choose = (entry: Entry | undefined): void => {
    if (!entry) return
    dialog.close()
    entry.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const count = entries().length
    if (event.key === 'ArrowDown') setAt((at() + 1) % Math.max(1, count))
    else if (event.key === 'ArrowUp') setAt((at() - 1 + count) % Math.max(1, count))
    else if (event.key === 'Enter') choose(entries()[at()])
    else return
    event.preventDefault()
    dialog.querySelector(`#entry-${at()}`)?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <dialog
      ref={dialog}
      class={styles.palette}
      aria-label="Commands"
      onClose={() => props.onClose()}
      onClick={(event) => event.target === dialog && dialog.close()}
    >
      <Show when={props.open}>
        <div class={styles.field}>
          <Icon name="search" />
          <input
            class={styles.input}
            placeholder="A job, a worker, or what to do"
            role="combobox"
            aria-label="Find a job, a worker or a command"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={`entry-${at()}`}
            autofocus
            value={typed()}
            onInput={(event) => {
              setTyped(event.currentTarget.value)
              setAt(0)
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <ul id="palette-list" class={styles.list} role="listbox" aria-label="Found">
          <For each={entries()} fallback={<li class={styles.none}>Nothing matches.</li>}>
            {(entry, index) => (
              <li
                id={`entry-${index()}`}
                class={styles.entry}
                role="option"
                aria-selected={at() === index()}
                onPointerMove={() => setAt(index())}
                onClick={() => choose(entry)}
              >
                <span class={styles.sign}>
                  <Show when={entry.status} fallback={<Icon name="right" size={12} />}>
                    {(status) => (
                      <Glyph
                        name={lookOf(entry.kind === 'job' ? 'job' : 'worker', status()).glyph}
                      />
                    )}
                  </Show>
                </span>
                <span class="truncate">{entry.label}</span>
                <span class="spread faint">{entry.kind === 'act' ? '' : entry.kind}</span>
                <Show when={entry.keys}>{(keys) => <Keys keys={keys()} />}</Show>
              </li>
            )}
          </For>
        </ul>
      </Show>
    </dialog>
  )
}
