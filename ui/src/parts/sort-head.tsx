import { Show } from 'solid-js'
import { ariaSort, turnSort } from '../farm/sorting.ts'
import styles from './sort-head.module.css'

/** The head of a column; one that sorts is a button and tells which way. */
export function SortHead(props: {
  label: string
  /** What the address calls this order; a column without it does not sort. */
  by?: string | undefined
  /** The order of a first click, where it is not from the beginning. */
  own?: string | undefined
  sort: string
  onSort: (sort: string) => void
  class?: string | undefined
}) {
  const arrow = () =>
    ({ ascending: ' ↑', descending: ' ↓', none: '' })[ariaSort(props.sort, props.by) ?? 'none']
  return (
    <th class={props.class} aria-sort={ariaSort(props.sort, props.by)}>
      <Show when={props.by} fallback={props.label}>
        {(by) => (
          <button
            type="button"
            class={styles.sort}
            onClick={() => props.onSort(turnSort(props.sort, by(), props.own))}
          >
            {props.label}
            <span aria-hidden="true">{arrow()}</span>
          </button>
        )}
      </Show>
    </th>
  )
}
