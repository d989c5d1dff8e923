import { A } from '@solidjs/router'
import { For } from 'solid-js'
import { type LogLine, levelOf, parseAnsi } from '../farm/log-buffer.ts'
import styles from './log-view.module.css'

/** One line: its number, which is a link to it, and its text in its colours. */
export function LogLineRow(props: {
  line: LogLine | undefined
  /** Known only while the log is loaded from its beginning. */
  number: number | undefined
  href: string | undefined
  top: number
  index: number
  hit: boolean
  measure: ((element: Element) => void) | undefined
}) {
  const text = () => props.line?.text ?? ''
  return (
    <div
      ref={(element) => queueMicrotask(() => props.measure?.(element))}
      class={styles.line}
      data-index={props.index}
      data-level={levelOf(text())}
      data-hit={props.hit ? '' : undefined}
      style={{ transform: `translateY(${props.top}px)` }}
    >
      {props.href === undefined ? (
        <span class={styles.number}>{props.number ?? ''}</span>
      ) : (
        <A class={styles.number} href={props.href} tabindex="-1" title="Link to this line">
          {props.number ?? '·'}
        </A>
      )}
      <span class={styles.text}>
        <For each={parseAnsi(text())}>
          {(span) => (
            <span data-ansi={span.color} style={span.bold ? { 'font-weight': 700 } : {}}>
              {span.text}
            </span>
          )}
        </For>
      </span>
    </div>
  )
}
