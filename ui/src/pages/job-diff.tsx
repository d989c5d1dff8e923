import { A, useParams } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { useJob } from '../farm/job-context.ts'
import { createRead } from '../farm/read.ts'
import { type CheckoutDiff, storePaths } from '../farm/store.ts'
import type { FarmJob } from '../farm/wire.ts'
import { Diff } from '../parts/checkout-diff.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Told } from '../parts/told.tsx'
import styles from './job-diff.module.css'
import page from './page.module.css'

/** What changed since another job: its files, and what it was asked to do. */
export function JobDiff() {
  const { job } = useJob()
  const params = useParams<{ other: string }>()
  const other = createRead<FarmJob>(() => `/farm/jobs/${params.other}`)
  const mine = () => job.data()?.storage?.shaman_checkout_id
  const theirs = () => other.data()?.storage?.shaman_checkout_id
  const diff = createRead<CheckoutDiff>(
    () => (mine() && theirs() ? storePaths.diff(mine()!) : undefined),
    { query: () => ({ since: theirs() }), key: 'path' },
  )
  const settings = createMemo(() =>
    other.data() ? differences(other.data()?.settings, job.data()?.settings) : [],
  )
  return (
    <div class={page.two}>
      <section class="card" aria-label="Files">
        <header>
          <h2>
            Files since{' '}
            <A href={`/jobs/${params.other}/submission`}>{other.data()?.name ?? params.other}</A>
          </h2>
        </header>
        <Told read={other} what="the other job">
          {() => (
            <Show
              when={mine() && theirs()}
              fallback={
                <EmptyState small icon="disk" title="One of the two jobs has no checkout." />
              }
            >
              <Told read={diff} what="the difference">
                {(data) => <Diff diff={data()} />}
              </Told>
            </Show>
          )}
        </Told>
      </section>
      <section class="card" aria-label="Settings">
        <header>
          <h2>Settings</h2>
        </header>
        <Show
          when={settings().length > 0}
          fallback={
            <Show when={other.data()}>
              <EmptyState small icon="done" title="The settings are the same." />
            </Show>
          }
        >
          <table class={`table ${styles.settings}`}>
            <thead>
              <tr>
                <th>Setting</th>
                <th>Before</th>
                <th>Now</th>
              </tr>
            </thead>
            <tbody>
              <For each={settings()}>
                {(row) => (
                  <tr>
                    <td class="mono">{row.key}</td>
                    <td class="faint">{row.before}</td>
                    <td>{row.after}</td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </Show>
      </section>
    </div>
  )
}

function differences(
  before: Record<string, unknown> = {},
  after: Record<string, unknown> = {},
): { key: string; before: string; after: string }[] {
  const words = (value: unknown): string =>
    value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .map((key) => ({ key, before: words(before[key]), after: words(after[key]) }))
    .filter((row) => row.before !== row.after)
}
