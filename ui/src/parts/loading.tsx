import { createSignal, onCleanup, Show } from 'solid-js'
import styles from './loading.module.css'

/** An answer that comes sooner is shown without a word before it: nothing flashes. */
const quietMs = 200
const longMs = 5000

/** Says that an answer is on its way, once that takes long enough to be noticed, and when it takes too long. */
export function Loading(props: { what: string }) {
  const [waited, setWaited] = createSignal(0)
  for (const ms of [quietMs, longMs]) {
    const timer = setTimeout(() => setWaited(ms), ms)
    onCleanup(() => clearTimeout(timer))
  }
  return (
    <p class={styles.loading} role="status" data-loading>
      <Show when={waited() >= quietMs}>{`Reading ${props.what}…`}</Show>
      <Show when={waited() >= longMs}>
        <br />
        The manager takes long to answer.
      </Show>
    </p>
  )
}
