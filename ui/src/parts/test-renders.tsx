import { A } from '@solidjs/router'
import { createSignal, For, Show } from 'solid-js'
import type { createTestRenders, TestRender } from '../farm/test-renders.ts'
import { Glyph } from './glyph.tsx'
import styles from './test-renders.module.css'

const looks = {
  ok: { glyph: 'check', word: 'rendered' },
  fail: { glyph: 'cross', word: 'failed' },
  waiting: { glyph: 'dotted', word: 'not yet' },
} as const

/** Which workers have rendered their test frame, and a way to have all of them try again. */
export function TestRenders(props: { tests: ReturnType<typeof createTestRenders> }) {
  const [isAsked, setAsked] = createSignal(false)
  const ask = async (): Promise<void> => {
    setAsked(true)
    await props.tests.ask()
    setAsked(false)
  }
  return (
    <div class={styles.renders}>
      <Show
        when={props.tests.all().length > 0}
        fallback={<p>There is no worker just now that renders.</p>}
      >
        <ul class={styles.list}>
          <For each={props.tests.all()}>{(one) => <Row render={one} />}</For>
        </ul>
        <p>
          <button type="button" class="button" disabled={isAsked()} onClick={() => void ask()}>
            Render a test frame on every worker
          </button>
        </p>
      </Show>
    </div>
  )
}

function Row(props: { render: TestRender }) {
  const look = () => looks[props.render.status]
  return (
    <li data-status={props.render.status}>
      <span class={styles.glyph}>
        <Glyph name={look().glyph} />
        <span class="sr-only">{look().word}: </span>
      </span>
      <A href={`/workers/${props.render.id}`}>{props.render.name}</A>
      <span>{props.render.told}</span>
    </li>
  )
}
