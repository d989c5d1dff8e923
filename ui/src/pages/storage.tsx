import { A } from '@solidjs/router'
import { createSignal, For, Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createStorage, type Storage as StorageFacts } from '../farm/storage.ts'
import { type CheckoutInfo, checkoutHref, type StoreStats } from '../farm/store.ts'
import { Ago } from '../parts/ago.tsx'
import { Icon } from '../parts/glyph.tsx'
import { Scrub } from '../parts/scrub.tsx'
import { SizeChart } from '../parts/size-chart.tsx'
import { StorageLayout } from '../parts/storage-layout.tsx'
import styles from './storage.module.css'

/** What uses the space, and what could be freed without breaking a render? */
export function Storage() {
  const store = createStorage()
  const [erase, setErase] = createSignal<readonly string[]>([])
  return (
    <StorageLayout
      store={store}
      head={
        <>
          <h1 class="sr-only">Storage</h1>
          <Show when={store.stats()}>{(known) => <Figures stats={known()} store={store} />}</Show>
        </>
      }
      erase={erase()}
      onKeep={(path) => setErase(erase().filter((one) => one !== path))}
      onApplied={() => setErase([])}
      aside={
        <>
          <Show when={store.sizes()}>{(sizes) => <SizeChart sizes={sizes()} />}</Show>
          <Scrub />
        </>
      }
    >
      <Show when={store.checkouts().length > 0}>
        <section class={`card ${styles.scroll}`} aria-label="Checkouts as a table">
          <header>
            <h2>{formatCount(store.checkouts().length, 'checkout')}</h2>
            <A href="/storage/gc" class="spread">
              Plan a collection of unused ones
            </A>
          </header>
          <CheckoutTable
            checkouts={store.checkouts()}
            store={store}
            erase={erase()}
            onErase={setErase}
          />
        </section>
      </Show>
    </StorageLayout>
  )
}

function Figures(props: { stats: StoreStats; store: StorageFacts }) {
  const referenced = () => props.store.checkouts().reduce((sum, one) => sum + one.bytes, 0)
  const ratio = () =>
    props.stats.referencedBytes === 0 ? undefined : referenced() / props.stats.referencedBytes
  const free = () => {
    const bytes = formatBytes(props.stats.freeBytes)
    const days = props.store.sizes()?.daysToFull
    return days === undefined
      ? { label: 'Free on this volume', value: bytes }
      : { label: 'Free · full in (30-day trend)', value: `${bytes} · ${days} d` }
  }
  const figures = () => [
    { label: 'On disk', value: formatBytes(props.stats.bytes) },
    { label: 'Referenced by checkouts', value: formatBytes(referenced()) },
    { label: 'Each byte is used', value: ratio() === undefined ? '–' : `${ratio()!.toFixed(1)}×` },
    {
      label: 'Unreferenced',
      value: formatBytes(Math.max(0, props.stats.bytes - props.stats.referencedBytes)),
    },
    free(),
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
          <th class="on-wide">Job</th>
          <th class="number on-wide">Files</th>
          <th class="number">Size</th>
          <th class="number">Only here</th>
          <th class="number on-wide">Uploaded</th>
          <th class="on-wide">Made</th>
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
              <td class="on-wide">
                <Show
                  when={uses().get(one.path)?.jobs[0]}
                  fallback={<span class="faint">none</span>}
                >
                  {(job) => <A href={`/jobs/${job().id}`}>{job().name}</A>}
                </Show>
              </td>
              <td class="number on-wide">{one.files}</td>
              <td class="number">{formatBytes(one.bytes)}</td>
              <td class="number">{formatBytes(one.exclusiveBytes)}</td>
              <td class="number on-wide">{formatBytes(one.uploadedBytes)}</td>
              <td class="on-wide">
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
