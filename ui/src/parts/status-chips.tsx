import { For } from 'solid-js'
import { type LookKind, lookOf } from '../farm/status.ts'
import { createSteady } from '../farm/steady.ts'
import { Glyph } from './glyph.tsx'
import styles from './status-chips.module.css'
import { SteadyCount } from './steady-count.tsx'

/** Counts by status that are the filter: click for one, Shift-click to add. */
export function StatusChips(props: {
  kind: LookKind
  order: readonly string[]
  counts: Readonly<Record<string, number>>
  chosen: readonly string[]
  onChoose: (chosen: string[]) => void
  label: string
}) {
  const shown = createSteady(() =>
    props.order.filter(
      (status) => (props.counts[status] ?? 0) > 0 || props.chosen.includes(status),
    ),
  )
  const total = () => Object.values(props.counts).reduce((sum, n) => sum + n, 0)
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
              {lookOf(props.kind, status).label}{' '}
              <b>
                <SteadyCount n={props.counts[status] ?? 0} most={total()} />
              </b>
            </span>
          </button>
        )}
      </For>
    </div>
  )
}
