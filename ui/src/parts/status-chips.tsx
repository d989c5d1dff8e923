import { For } from 'solid-js'
import { formatNumber } from '../farm/format.ts'
import { type LookKind, lookOf } from '../farm/status.ts'
import { Glyph } from './glyph.tsx'
import styles from './status-chips.module.css'

/** Counts by status that are the filter: click for one, Shift-click to add. */
export function StatusChips(props: {
  kind: LookKind
  order: readonly string[]
  counts: Readonly<Record<string, number>>
  chosen: readonly string[]
  onChoose: (chosen: string[]) => void
  label: string
}) {
  const shown = () =>
    props.order.filter((status) => (props.counts[status] ?? 0) > 0 || props.chosen.includes(status))
  const choose = (status: string, add: boolean): void => {
    const on = props.chosen.includes(status)
    const others = props.chosen.filter((one) => one !== status)
    if (add) props.onChoose(on ? others : [...others, status])
    else props.onChoose(on && others.length === 0 ? [] : [status])
  }
  return (
    <div class={styles.chips} role="group" aria-label={props.label}>
      <For each={shown()}>
        {(status) => (
          <button
            type="button"
            class={styles.chip}
            data-tone={lookOf(props.kind, status).tone}
            aria-pressed={props.chosen.includes(status)}
            title={`${lookOf(props.kind, status).doc} Shift-click adds.`}
            onClick={(event) => choose(status, event.shiftKey)}
          >
            <Glyph name={lookOf(props.kind, status).glyph} />
            <span>
              {lookOf(props.kind, status).label} <b>{formatNumber(props.counts[status] ?? 0)}</b>
            </span>
          </button>
        )}
      </For>
    </div>
  )
}
