import { createEffect, createSignal, For, on, Show } from 'solid-js'
import type { Picture } from '../farm/compared-pictures.ts'
import { Icon } from './glyph.tsx'
import styles from './lightbox.module.css'

/** One picture large, with its neighbours an arrow key away, against another one if wanted. */
export function Lightbox(props: {
  pictures: readonly Picture[]
  /** The frame as it was before, and in other jobs. */
  others?: (frame: number) => readonly Picture[]
  open: number | undefined
  onOpen: (index: number | undefined) => void
  onBad?: ((picture: Picture) => void) | undefined
}) {
  let dialog!: HTMLDialogElement
  const [zoom, setZoom] = createSignal(false)
  const [other, setOther] = createSignal('')
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
  const choices = (): readonly Picture[] => {
    const shown = picture()
    if (!shown) return []
    const same = shown.frame === undefined ? [] : (props.others?.(shown.frame) ?? [])
    return [...same, ...props.pictures.filter((one) => one.url !== shown.url)]
  }
  const wasKept = () => choices().some((one) => one.isEarlier)
  const compared = () => choices().find((one) => one.url === other())
  const step = (by: number): void => {
    const to = (props.open ?? 0) + by
    if (to >= 0 && to < props.pictures.length) props.onOpen(to)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // A slider and a choice need the arrows themselves.
    if (event.target instanceof Element && event.target.closest('input, select')) return
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
              <Show when={choices().length > 0 || shown().frame !== undefined}>
                <label class="row-gap">
                  <span class="muted">compare with</span>
                  <select
                    class={`input ${styles.choice}`}
                    value={other()}
                    onChange={(event) => setOther(event.currentTarget.value)}
                  >
                    <option value="">nothing</option>
                    <For each={choices()}>
                      {(one) => <option value={one.url}>{one.label}</option>}
                    </For>
                    <Show when={!wasKept()}>
                      <option disabled>no earlier picture of this frame</option>
                    </Show>
                  </select>
                </label>
              </Show>
              <span class="spread" />
              <Show when={props.onBad}>
                {(onBad) => (
                  <button
                    type="button"
                    class="button"
                    title="Its task is requeued, so that the frame is rendered again"
                    onClick={() => onBad()(shown())}
                  >
                    Mark bad
                  </button>
                )}
              </Show>
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
            <Show
              when={compared()}
              fallback={
                <div class={styles.stage} data-zoom={zoom() ? '' : undefined}>
                  <img src={shown().url} alt={shown().name} />
                </div>
              }
            >
              {(before) => <Wipe before={before()} after={shown()} />}
            </Show>
          </>
        )}
      </Show>
    </dialog>
  )
}

/** Two pictures in one place: left of the edge the one, right of it the other. */
function Wipe(props: { before: Picture; after: Picture }) {
  const [edge, setEdge] = createSignal(50)
  return (
    <div class={styles.wipe}>
      <div class={styles.stage}>
        <img src={props.after.url} alt={props.after.name} />
        <img
          src={props.before.url}
          alt={props.before.name}
          class={styles.over}
          style={{ 'clip-path': `inset(0 ${100 - edge()}% 0 0)` }}
        />
        <span class={styles.edge} style={{ left: `${edge()}%` }} aria-hidden="true" />
      </div>
      <div class={styles.sides}>
        <span class="mono">{props.before.label}</span>
        <input
          type="range"
          min="0"
          max="100"
          value={edge()}
          aria-label="How much of the other picture is shown"
          onInput={(event) => setEdge(event.currentTarget.valueAsNumber)}
        />
        <span class="mono">{props.after.label}</span>
      </div>
    </div>
  )
}
