import { A } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createStorage, type Storage as StorageFacts } from '../farm/storage.ts'
import type { MapMode } from '../farm/storage-map.ts'
import { type CheckoutInfo, checkoutHref, type GcPlan, type StoreStats } from '../farm/store.ts'
import { Ago } from '../parts/ago.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorPanel } from '../parts/error-panel.tsx'
import { GcPlanCard } from '../parts/gc-plan.tsx'
import { Icon } from '../parts/glyph.tsx'
import { Scrub } from '../parts/scrub.tsx'
import { Trash } from '../parts/trash.tsx'
import { Treemap } from '../parts/treemap.tsx'
import page from './page.module.css'
import styles from './storage.module.css'

/** What uses the space, and what could be freed without breaking a render? */
export function Storage() {
  const store = createStorage()
  const [mode, setMode] = createSignal<MapMode>('disk')
  const [erase, setErase] = createSignal<readonly string[]>([])
  const [plan, setPlan] = createSignal<GcPlan>()
  const planned = createMemo(() => new Set(plan()?.erase ?? []))

  return (
    <div class={page.page}>
      <h1 class="sr-only">Storage</h1>
      <Show when={store.error()}>
        {(error) => <ErrorPanel error={error()} onRetry={store.reload} what="the store" />}
      </Show>
      <Show when={store.stats()}>
        {(known) => <Figures stats={known()} checkouts={store.checkouts()} />}
      </Show>
      <Show when={store.isKnown()}>
        <div class={page.two}>
          <div class="stack">
            <section class="card" aria-label="Space by checkout">
              <header>
                <h2>Checkouts</h2>
                <div class="segments" role="group" aria-label="Area means">
                  <button
                    type="button"
                    aria-pressed={mode() === 'disk'}
                    title="What each checkout holds alone; with what is shared and unreferenced it adds up to the disk"
                    onClick={() => setMode('disk')}
                  >
                    On disk
                  </button>
                  <button
                    type="button"
                    aria-pressed={mode() === 'referenced'}
                    title="The full size of each checkout, shared blobs counted each time"
                    onClick={() => setMode('referenced')}
                  >
                    Referenced
                  </button>
                </div>
                <A href="/storage/gc">Plan a collection</A>
                <span class={`spread ${styles.legend}`}>
                  shared <i aria-hidden="true" /> exclusive
                </span>
              </header>
              <Show
                when={store.checkouts().length > 0 || store.stats()!.bytes > 0}
                fallback={
                  <EmptyState
                    icon="disk"
                    title="The store is empty"
                    sentence="Each submission puts its files here once, however many jobs use them."
                  />
                }
              >
                <Treemap
                  checkouts={store.checkouts()}
                  stats={store.stats()!}
                  mode={mode()}
                  planned={planned()}
                  collects={(plan()?.removed.blobs ?? 0) > 0}
                />
              </Show>
            </section>
            <Show when={store.checkouts().length > 0}>
              <section class={`card ${styles.scroll}`} aria-label="Checkouts as a table">
                <CheckoutTable
                  checkouts={store.checkouts()}
                  store={store}
                  erase={erase()}
                  onErase={setErase}
                />
              </section>
            </Show>
          </div>
          <div class="stack">
            <GcPlanCard
              erase={erase()}
              onPlan={setPlan}
              onKeep={(path) => setErase(erase().filter((one) => one !== path))}
              onApplied={() => {
                setErase([])
                store.reload()
              }}
            />
            <Trash onChange={store.reload} stats={store.stats()!} />
            <Scrub />
          </div>
        </div>
      </Show>
    </div>
  )
}

function Figures(props: { stats: StoreStats; checkouts: readonly CheckoutInfo[] }) {
  const referenced = () => props.checkouts.reduce((sum, one) => sum + one.bytes, 0)
  const ratio = () =>
    props.stats.referencedBytes === 0 ? undefined : referenced() / props.stats.referencedBytes
  const figures = () => [
    { label: 'On disk', value: formatBytes(props.stats.bytes) },
    { label: 'Referenced by checkouts', value: formatBytes(referenced()) },
    { label: 'Each byte is used', value: ratio() === undefined ? '–' : `${ratio()!.toFixed(1)}×` },
    {
      label: 'Unreferenced',
      value: formatBytes(Math.max(0, props.stats.bytes - props.stats.referencedBytes)),
    },
    { label: 'Free on this volume', value: formatBytes(props.stats.freeBytes) },
  ]
  return (
    <dl class={styles.figures}>
      <For each={figures()}>
        {(figure) => (
          <div class="card">
            <dt class="muted">{figure.label}</dt>
            <dd>{figure.value}</dd>
          </div>
        )}
      </For>
    </dl>
  )
}

function CheckoutTable(props: {
  checkouts: readonly CheckoutInfo[]
  store: StorageFacts
  erase: readonly string[]
  onErase: (paths: readonly string[]) => void
}) {
  const toggle = (path: string, on: boolean): void =>
    props.onErase(on ? [...props.erase, path] : props.erase.filter((one) => one !== path))
  const { keptBecause, uses } = props.store
  return (
    <table class="table">
      <thead>
        <tr>
          <th>
            <span class="sr-only">In the plan</span>
          </th>
          <th>Checkout</th>
          <th>Job</th>
          <th class="number">Files</th>
          <th class="number">Size</th>
          <th class="number">Only here</th>
          <th class="number">Uploaded</th>
          <th>Made</th>
        </tr>
      </thead>
      <tbody>
        <For each={props.checkouts.slice(0, 200)}>
          {(one) => (
            <tr>
              <td>
                <input
                  type="checkbox"
                  aria-label={`Remove ${one.path} with the plan`}
                  title={keptBecause(one) ? `Kept: ${keptBecause(one)}` : 'Remove it with the plan'}
                  disabled={keptBecause(one) !== undefined}
                  checked={props.erase.includes(one.path)}
                  onChange={(event) => toggle(one.path, event.currentTarget.checked)}
                />
              </td>
              <td>
                <A href={checkoutHref(one.path)}>{one.path}</A>
                <Show when={one.pinned}>
                  <span title="Pinned: never removed">
                    {' '}
                    <Icon name="pin" size={12} />
                  </span>
                </Show>
              </td>
              <td>
                <Show
                  when={uses().get(one.path)?.jobs[0]}
                  fallback={<span class="faint">none</span>}
                >
                  {(job) => <A href={`/jobs/${job().id}`}>{job().name}</A>}
                </Show>
              </td>
              <td class="number">{one.files}</td>
              <td class="number">{formatBytes(one.bytes)}</td>
              <td class="number">{formatBytes(one.exclusiveBytes)}</td>
              <td class="number">{formatBytes(one.uploadedBytes)}</td>
              <td>
                <Ago time={one.created} />
              </td>
            </tr>
          )}
        </For>
      </tbody>
      <Show when={props.checkouts.length > 200}>
        <caption class="faint">
          The newest 200 of {formatCount(props.checkouts.length, 'checkout')}
        </caption>
      </Show>
    </table>
  )
}
