import { A } from '@solidjs/router'
import { Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { type StoreSizes, type StoreStats, storePaths } from '../farm/store.ts'
import styles from './store-gauge.module.css'
import { Told } from './told.tsx'

/** How much of its volume the store fills, how much is left, and for how long. */
export function StoreGauge() {
  const stats = createRead<StoreStats>(() => storePaths.stats, { everyMs: 60_000 })
  const sizes = createRead<StoreSizes>(() => storePaths.sizes, { raw: true, everyMs: 600_000 })
  const full = () => {
    const days = sizes.data()?.daysToFull
    return days === undefined ? '' : `, full in ${formatCount(days, 'day')}`
  }
  return (
    <section class="card" aria-label="Store">
      <header>
        <h2>Store</h2>
        <Show when={stats.data()}>
          {(data) => (
            <A href="/storage" class="spread">
              {formatBytes(data().freeBytes)} free
              {full()}
            </A>
          )}
        </Show>
      </header>
      <Told read={stats} what="the store">
        {(data) => {
          const garbage = () => Math.max(0, data().bytes - data().referencedBytes)
          return (
            <>
              <meter
                class={styles.meter}
                min="0"
                max={data().bytes + data().freeBytes}
                value={data().bytes}
                aria-label="What the store holds, beside what is free"
              />
              <p class="muted">
                {formatBytes(data().bytes)} in {formatCount(data().checkouts, 'checkout')}
                {garbage() > 0 ? `, ${formatBytes(garbage())} of it unreferenced` : ''}
              </p>
            </>
          )
        }}
      </Told>
    </section>
  )
}
