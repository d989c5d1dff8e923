import { useSearchParams } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { useAttention } from '../farm/attention.tsx'
import { formatMoment } from '../farm/format.ts'
import type { AttentionItem } from '../farm/wire.ts'
import { AttentionCard } from '../parts/attention-card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { NoMatch } from '../parts/no-match.tsx'
import { Told } from '../parts/told.tsx'
import styles from './page.module.css'

const kindLabels: Record<AttentionItem['kind'], string> = {
  failures: 'Failures',
  'stuck-task': 'Stuck tasks',
  'worker-gone': 'Workers gone',
  'worker-error': 'Worker errors',
  'no-eligible-worker': 'No eligible worker',
  'storage-low': 'Storage low',
  'blocklist-growing': 'Blocklists growing',
  'upload-stalled': 'Uploads stalled',
  'version-skew': 'Other versions',
}

/** What needs me? */
export function AttentionPage() {
  const attention = useAttention()
  const [params, setParams] = useSearchParams<{ kind?: string }>()
  const items = () => attention.data()?.items ?? []
  const kinds = createMemo(() => [...new Set(items().map((item) => item.kind))])
  const shown = createMemo(() =>
    items()
      .filter((item) => !params.kind || item.kind === params.kind)
      .toSorted((a, b) => Number(a.acknowledged) - Number(b.acknowledged)),
  )
  return (
    <div class={styles.page}>
      <div class={styles.head}>
        <h1>Attention</h1>
        <Show when={kinds().length > 1}>
          <div class="segments" role="group" aria-label="Filter by kind">
            <button
              type="button"
              aria-pressed={!params.kind}
              onClick={() => setParams({ kind: null })}
            >
              All
            </button>
            <For each={kinds()}>
              {(kind) => (
                <button
                  type="button"
                  aria-pressed={params.kind === kind}
                  onClick={() => setParams({ kind })}
                >
                  {kindLabels[kind]}
                </button>
              )}
            </For>
          </div>
        </Show>
        <Show when={attention.asOf()}>
          {(asOf) => <span class="spread faint">as of {formatMoment(asOf())}</span>}
        </Show>
      </div>
      <Told read={attention} what="what needs attention">
        {() => (
          <section class="card" aria-label="Issues">
            <h2 class="sr-only">Issues</h2>
            <Show
              when={shown().length > 0}
              fallback={
                <Show when={items().length > 0} fallback={<NothingNeedsYou />}>
                  <NoMatch what="issue" onClear={() => setParams({ kind: null })} />
                </Show>
              }
            >
              <For each={shown()}>
                {(item) => <AttentionCard item={item} onDone={attention.reload} />}
              </For>
            </Show>
          </section>
        )}
      </Told>
    </div>
  )
}

function NothingNeedsYou() {
  return (
    <EmptyState
      icon="done"
      title="Nothing needs you."
      sentence="Failures, stuck tasks and silent workers are gathered here by their cause."
    />
  )
}
