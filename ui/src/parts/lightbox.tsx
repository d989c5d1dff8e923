import { createEffect, createSignal, on, Show } from 'solid-js'
import { Icon } from './glyph.tsx'
import styles from './lightbox.module.css'

export interface Picture {
  url: string
  label: string
  name: string
}

/** One picture large, with its neighbours an arrow key away. */
export function Lightbox(props: {
  pictures: readonly Picture[]
  open: number | undefined
  onOpen: (index: number | undefined) => void
}) {
  let dialog!: HTMLDialogElement
  const [zoom, setZoom] = createSignal(false)
  createEffect(
    on(
      () => props.open,
      (open) => {
        setZoom(false)
        if (open !== undefined && !dialog.open) dialog.showModal()
        if (open === undefined && dialog.open) dialog.close()
      },
    ),
  )
  const picture = () => (props.open === undefined ? undefined : props.pictures[props.open])
  const step = (by: number): void => {
    const to = (props.open ?? 0) + by
    if (to >= 0 && to < props.pictures.length) props.onOpen(to)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowRight') step(1)
    else if (event.key === 'ArrowLeft') step(-1)
    else if (event.key === 'z') setZoom(!zoom())
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      class={styles.box}
      aria-label={picture()?.name ?? 'Frame'}
      onClose={() => props.onOpen(undefined)}
      onKeyDown={onKeyDown}
      onClick={(event) => event.target === dialog && dialog.close()}
    >
      <Show when={picture()}>
        {(shown) => (
          <>
            <header class={styles.head}>
              <span class="mono">{shown().label}</span>
              <span class="spread" />
              <button
                type="button"
                class="button icon"
                aria-label="Newer"
                disabled={props.open === 0}
                onClick={() => step(-1)}
              >
                <Icon name="left" />
              </button>
              <button
                type="button"
                class="button icon"
                aria-label="Older"
                disabled={props.open === props.pictures.length - 1}
                onClick={() => step(1)}
              >
                <Icon name="right" />
              </button>
              <button
                type="button"
                class="button"
                aria-pressed={zoom()}
                onClick={() => setZoom(!zoom())}
              >
                1:1
              </button>
              <button
                type="button"
                class="button icon"
                aria-label="Close"
                onClick={() => dialog.close()}
              >
                <Icon name="close" />
              </button>
            </header>
            <div class={styles.stage} data-zoom={zoom() ? '' : undefined}>
              <img src={shown().url} alt={shown().name} />
            </div>
          </>
        )}
      </Show>
    </dialog>
  )
}
