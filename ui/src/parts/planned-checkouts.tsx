import { For, Show } from 'solid-js'
import { lastUseOf } from '../farm/checkout-jobs.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import type { Storage } from '../farm/storage.ts'
import { Ago } from './ago.tsx'
import styles from './gc-plan.module.css'

const shownAtMost = 100

/** The checkouts that go with a plan: when each was last of use and what is only in it, and a way to keep it. */
export function PlannedCheckouts(props: {
  paths: readonly string[]
  store: Storage
  onKeep: (path: string) => void
}) {
  const infoOf = (path: string) => props.store.checkouts().find((one) => one.path === path)
  return (
    <>
      <h3 class={styles.chosen}>{formatCount(props.paths.length, 'checkout')} in this plan</h3>
      <ul class={styles.erase}>
        <For each={props.paths.slice(0, shownAtMost)}>
          {(path) => (
            <li>
              <span class="truncate mono" title={path}>
                {path}
              </span>
              <Show when={infoOf(path)}>
                {(info) => (
                  <>
                    <span class="muted">
                      used{' '}
                      <Ago time={new Date(lastUseOf(info(), props.store.uses())).toISOString()} />
                    </span>
                    <span title="What no other checkout holds">
                      {formatBytes(info().exclusiveBytes)}
                    </span>
                  </>
                )}
              </Show>
              <button type="button" class="button quiet" onClick={() => props.onKeep(path)}>
                Keep
              </button>
            </li>
          )}
        </For>
      </ul>
      <Show when={props.paths.length > shownAtMost}>
        <p class="faint">and {props.paths.length - shownAtMost} more</p>
      </Show>
    </>
  )
}
