import { A, useSearchParams } from '@solidjs/router'
import { createMemo, For, type ParentProps, Show } from 'solid-js'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { jobStatusOrder } from '../farm/status.ts'
import type { JobFilters as Known } from '../farm/wire.ts'
import { Icon } from './glyph.tsx'
import styles from './job-filters.module.css'
import { StatusChips } from './status-chips.tsx'
import { ViewAs } from './view-as.tsx'

/** Which jobs are shown and how; kept in the address. */
export type JobQuery = Partial<
  Record<'status' | 'q' | 'type' | 'user' | 'tag' | 'sort' | 'view', string>
>

export const noFilter = { status: null, q: null, type: null, user: null, tag: null }

/** The bar above the jobs: which of them, and as what. */
export function JobFilters(
  props: ParentProps<{ total: number | undefined; counts: Readonly<Record<string, number>> }>,
) {
  const [params, setParams] = useSearchParams<JobQuery>()
  const known = createRead<Known>(() => '/farm/job-filters', { raw: true, everyMs: 60_000 })
  return (
    <div class="bar">
      <StatusChips
        kind="job"
        order={jobStatusOrder}
        counts={props.counts}
        chosen={params.status?.split(',').filter(Boolean) ?? []}
        onChoose={(chosen) => setParams({ status: chosen.join(',') || null })}
        label="Filter by status"
      />
      <input
        type="search"
        class={`input ${styles.search}`}
        placeholder="Find by name, person, metadata"
        aria-label="Find jobs"
        data-find
        value={params.q ?? ''}
        onInput={(event) => setParams({ q: event.currentTarget.value || null }, { replace: true })}
      />
      <Choice
        label="Whose jobs"
        every="Everyone"
        names={known.data()?.users ?? []}
        fewest={2}
        chosen={params.user}
        onChoose={(user) => setParams({ user })}
      />
      <Choice
        label="Jobs for which tag"
        every="Any tag"
        names={known.data()?.tags ?? []}
        fewest={1}
        chosen={params.tag}
        onChoose={(tag) => setParams({ tag })}
      />
      <Show when={params.type}>
        <button
          type="button"
          class="button"
          title="Show jobs of every type"
          onClick={() => setParams({ type: null })}
        >
          {params.type}
          <Icon name="close" size={12} />
        </button>
      </Show>
      {props.children}
      <span class="spread muted">
        {props.total === undefined ? '' : formatCount(props.total, 'job')}
      </span>
      <ViewAs
        views={{ table: 'Table', wall: 'Wall' }}
        view={params.view === 'wall' ? 'wall' : 'table'}
        onView={(next) => setParams({ view: next === 'table' ? null : next })}
      />
      <A class="button" href="/jobs/submit">
        Submit…
      </A>
    </div>
  )
}

/** One of some names, or all; not there where there is nothing to choose. */
function Choice(props: {
  label: string
  every: string
  names: readonly { name: string; jobs: number }[]
  fewest: number
  chosen: string | undefined
  onChoose: (name: string | null) => void
}) {
  // An address may name somebody whose jobs are gone.
  const names = createMemo(() => {
    const known = props.names.map(({ name }) => name)
    return props.chosen && !known.includes(props.chosen) ? [props.chosen, ...known] : known
  })
  return (
    <Show when={names().length >= props.fewest || props.chosen}>
      <select
        class={`input ${styles.choice}`}
        aria-label={props.label}
        onChange={(event) => props.onChoose(event.currentTarget.value || null)}
      >
        <option value="" selected={!props.chosen}>
          {props.every}
        </option>
        <For each={names()}>
          {(name) => (
            <option value={name} selected={name === props.chosen}>
              {name}
            </option>
          )}
        </For>
      </select>
    </Show>
  )
}
