import { createEffect, type JSX, onCleanup, Show } from 'solid-js'
import styles from './dialog.module.css'
import { Icon } from './glyph.tsx'

/** A modal on the browser's own dialog element: focus, Escape and inertness are the browser's. */
export function Dialog(props: {
  open: boolean
  onClose: () => void
  title: string
  children: JSX.Element
  wide?: boolean
}) {
  let dialog!: HTMLDialogElement
  createEffect(() => {
    if (props.open && !dialog.open) dialog.showModal()
    if (!props.open && dialog.open) dialog.close()
  })
  onCleanup(() => dialog.open && dialog.close())
  return (
    <dialog
      ref={dialog}
      class={styles.dialog}
      data-wide={props.wide ? '' : undefined}
      aria-label={props.title}
      onClose={() => props.onClose()}
      onClick={(event) => event.target === dialog && dialog.close()}
    >
      <Show when={props.open}>
        <div class={styles.inner}>
          <header class={styles.head}>
            <h2>{props.title}</h2>
            <button
              type="button"
              class="button quiet icon"
              aria-label="Close"
              onClick={() => dialog.close()}
            >
              <Icon name="close" />
            </button>
          </header>
          {props.children}
        </div>
      </Show>
    </dialog>
  )
}
