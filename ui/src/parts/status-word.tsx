import type { JSX } from 'solid-js'
import { type LookKind, lookOf } from '../farm/status.ts'
import { Glyph } from './glyph.tsx'
import styles from './status-word.module.css'

/** Glyph and word of a status, e.g. "▶ active". */
export function StatusWord(props: { kind: LookKind; status: string; text?: JSX.Element }) {
  const look = () => lookOf(props.kind, props.status)
  return (
    <span class={styles.word} data-tone={look().tone} title={look().doc}>
      <Glyph name={look().glyph} />
      <span>
        {props.text ?? look().label}
        {look().passing ? '…' : ''}
      </span>
    </span>
  )
}
