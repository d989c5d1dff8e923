import { For, type JSX, Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import type { CheckoutDiff } from '../farm/store.ts'
import styles from './checkout-files.module.css'
import { EmptyState } from './empty-state.tsx'

const shownAtMost = 200

/** How one checkout became another. */
export function Diff(props: { diff: CheckoutDiff }) {
  const diff = () => props.diff
  const isSame = () =>
    [diff().changed, diff().added, diff().removed, diff().moved].every(
      (files) => files.length === 0,
    )
  return (
    <div class={styles.changes}>
      <p class="muted">
        {formatBytes(diff().newBytes)} new; {formatCount(diff().unchanged, 'file')} unchanged.
      </p>
      <Show when={isSame()}>
        <EmptyState small icon="done" title="The files are the same." />
      </Show>
      <Group title="Changed" items={diff().changed}>
        {(file) => (
          <>
            <span>{file.path}</span>
            <span>
              {formatBytes(file.before.size)} → {formatBytes(file.after.size)}
            </span>
          </>
        )}
      </Group>
      <Group title="Added" items={diff().added}>
        {(file) => (
          <>
            <span>{file.path}</span>
            <span>{formatBytes(file.size)}</span>
          </>
        )}
      </Group>
      <Group title="Removed" items={diff().removed}>
        {(file) => (
          <>
            <span>{file.path}</span>
            <span>{formatBytes(file.size)}</span>
          </>
        )}
      </Group>
      <Group title="Moved" items={diff().moved}>
        {(file) => (
          <>
            <span>
              {file.from} → {file.to}
            </span>
            <span>{formatBytes(file.size)}</span>
          </>
        )}
      </Group>
    </div>
  )
}

function Group<T>(props: {
  title: string
  items: readonly T[]
  children: (item: T) => JSX.Element
}) {
  return (
    <Show when={props.items.length > 0}>
      <section>
        <h3>
          {props.title} {props.items.length}
        </h3>
        <ul>
          <For each={props.items.slice(0, shownAtMost)}>
            {(item) => <li>{props.children(item)}</li>}
          </For>
        </ul>
        <Show when={props.items.length > shownAtMost}>
          <p class="faint">and {props.items.length - shownAtMost} more</p>
        </Show>
      </section>
    </Show>
  )
}
