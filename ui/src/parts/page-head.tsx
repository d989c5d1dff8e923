import { A } from '@solidjs/router'
import type { JSX } from 'solid-js'
import styles from '../pages/page.module.css'

/** Where this page lies, what it is called, and what can be done here. */
export function PageHead(props: {
  above: { href: string; label: string }
  title: JSX.Element
  /** What kind of thing the title names, where it does not say so itself. */
  kind?: string
  children?: JSX.Element
}) {
  return (
    <header class={styles.head}>
      <div>
        <nav class="muted" aria-label="Breadcrumb">
          <A href={props.above.href}>{props.above.label}</A> / {props.kind}
        </nav>
        <h1>{props.title}</h1>
      </div>
      <div class="spread row-gap">{props.children}</div>
    </header>
  )
}
