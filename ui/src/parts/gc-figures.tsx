import { For } from 'solid-js'
import { formatBytes, formatNumber } from '../farm/format.ts'
import type { GcPlan } from '../farm/store.ts'
import styles from './gc-plan.module.css'

/** The plan as one bar of the disk: used, kept, to be removed. */
export function PlanBar(props: { plan: GcPlan }) {
  const share = (bytes: number): string =>
    `${props.plan.total.bytes === 0 ? 0 : (100 * bytes) / props.plan.total.bytes}%`
  return (
    <div class={styles.bar} aria-hidden="true">
      <span data-part="referenced" style={{ width: share(props.plan.kept.referenced.bytes) }} />
      <span
        data-part="kept"
        style={{
          width: share(props.plan.remaining.bytes - props.plan.kept.referenced.bytes),
        }}
      />
      <span data-part="removed" style={{ width: share(props.plan.removed.bytes) }} />
    </div>
  )
}

const keptLabels = {
  referenced: 'Kept: a checkout uses it',
  recent: 'Kept: newer than the limit',
  leased: 'Kept: a submission under way may use it',
  pinned: 'Kept: being written into a checkout',
  foreign: 'Kept: used by a folder this store did not make',
} as const

/** The plan in blobs and bytes, with why the rest stays. */
export function PlanTable(props: { plan: GcPlan }) {
  const rows = () => [
    ...(Object.keys(keptLabels) as (keyof typeof keptLabels)[])
      .map((key) => ({ label: keptLabels[key], count: props.plan.kept[key] }))
      .filter((row, index) => index < 2 || row.count.blobs > 0),
    { label: 'Would be removed', count: props.plan.removed },
    { label: 'Remaining after', count: props.plan.remaining },
  ]
  return (
    <table class="table">
      <thead>
        <tr>
          <th>
            <span class="sr-only">What</span>
          </th>
          <th class="number">blobs</th>
          <th class="number">bytes</th>
        </tr>
      </thead>
      <tbody>
        <For each={rows()}>
          {(row) => (
            <tr>
              <td>{row.label}</td>
              <td class="number">{formatNumber(row.count.blobs)}</td>
              <td class="number">{formatBytes(row.count.bytes)}</td>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  )
}
