import { A } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { actOnEach } from '../farm/acts.ts'
import { lastUseOf } from '../farm/checkout-jobs.ts'
import { tellOutcome } from '../farm/do-acts.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createStorage, type Storage } from '../farm/storage.ts'
import { type CheckoutInfo, checkoutHref, pinCheckout } from '../farm/store.ts'
import { Ago } from '../parts/ago.tsx'
import { DaysSlider } from '../parts/days-slider.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Icon } from '../parts/glyph.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { StorageLayout } from '../parts/storage-layout.tsx'
import styles from './gc.module.css'

const dayMs = 86_400_000
const shownAtMost = 500

/** What could go: by how long nobody used it, seen before anything is removed. */
export function CollectionPage() {
  const store = createStorage()
  const [days, setDays] = createSignal(90)
  const [kept, setKept] = createSignal<ReadonlySet<string>>(new Set())
  const untouched = createMemo(() => {
    const before = Date.now() - days() * dayMs
    return store
      .checkouts()
      .filter((one) => store.keptBecause(one) === undefined)
      .filter((one) => lastUseOf(one, store.uses()) <= before)
      .toSorted((a, b) => b.exclusiveBytes - a.exclusiveBytes)
  })
  const erase = createMemo(() =>
    untouched()
      .map((one) => one.path)
      .filter((path) => !kept().has(path)),
  )
  const keep = (path: string, on: boolean): void => {
    const next = new Set(kept())
    if (on) next.add(path)
    else next.delete(path)
    setKept(next)
  }
  return (
    <StorageLayout
      store={store}
      head={<PageHead above={{ href: '/storage', label: 'Storage' }} title="Collection" />}
      erase={erase()}
      onKeep={(path) => keep(path, true)}
      onApplied={() => setKept(new Set<string>())}
    >
      <section class="card" aria-label="Unused checkouts">
        <header>
          <h2>{formatCount(untouched().length, 'unused checkout')}</h2>
        </header>
        <DaysSlider label="Checkouts nobody used for" days={days()} most={365} onDays={setDays} />
        <Show
          when={untouched().length > 0}
          fallback={
            <EmptyState
              small
              icon="done"
              title="No checkout is unused for that long."
              sentence="Pinned checkouts and those that a job still needs are never in a plan."
            />
          }
        >
          <Unused
            checkouts={untouched().slice(0, shownAtMost)}
            store={store}
            kept={kept()}
            onKeep={keep}
          />
          <Show when={untouched().length > shownAtMost}>
            <p class="faint">The {shownAtMost} that free most are shown; all are in the plan.</p>
          </Show>
        </Show>
      </section>
    </StorageLayout>
  )
}

function Unused(props: {
  checkouts: readonly CheckoutInfo[]
  store: Storage
  kept: ReadonlySet<string>
  onKeep: (path: string, on: boolean) => void
}) {
  const pin = async (path: string): Promise<void> => {
    const set = (value: boolean) => actOnEach([path], (one) => pinCheckout(one, value))
    const undo = (): void => void set(false).then(props.store.reload)
    tellOutcome('Pinned', 'checkout', await set(true), () => path, undo)
    props.store.reload()
  }
  return (
    <div class={styles.scroll}>
      <table class="table">
        <thead>
          <tr>
            <th>
              <span class="sr-only">In the plan</span>
            </th>
            <th>Checkout</th>
            <th>Last used</th>
            <th class="number on-wide">Size</th>
            <th class="number">Only here</th>
            <th>
              <span class="sr-only">Keep</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <For each={props.checkouts}>
            {(one) => (
              <tr data-kept={props.kept.has(one.path) ? '' : undefined}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Remove ${one.path} with the plan`}
                    checked={!props.kept.has(one.path)}
                    onChange={(event) => props.onKeep(one.path, !event.currentTarget.checked)}
                  />
                </td>
                <td>
                  <A href={checkoutHref(one.path)}>{one.path}</A>
                </td>
                <td>
                  <Ago time={lastUseOf(one, props.store.uses())} />
                </td>
                <td class="number on-wide">{formatBytes(one.bytes)}</td>
                <td class="number">{formatBytes(one.exclusiveBytes)}</td>
                <td class="number">
                  <button
                    type="button"
                    class="button quiet"
                    title="Never remove it"
                    aria-label="Pin"
                    onClick={() => void pin(one.path)}
                  >
                    <Icon name="pin" size={14} />
                    <span class="on-wide">Pin</span>
                  </button>
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  )
}
