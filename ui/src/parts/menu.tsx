import { createEffect, createSignal, For, Show } from 'solid-js'
import { Icon } from './glyph.tsx'
import { Keys } from './keys.tsx'
import styles from './menu.module.css'

export interface MenuItem {
  id: string
  label: string
  keys?: string | undefined
  run: () => void
}

/** A button with what it offers below it. */
export function Menu(props: { label: string; items: readonly MenuItem[] }) {
  let opener!: HTMLButtonElement
  const [open, setOpen] = createSignal(false)
  return (
    <>
      <button
        ref={opener}
        type="button"
        class="button"
        aria-haspopup="menu"
        aria-expanded={open()}
        onClick={() => setOpen(!open())}
      >
        {props.label}
        <Icon name="down" size={12} />
      </button>
      <MenuBox
        anchor={open() ? opener : undefined}
        label={props.label}
        items={props.items}
        onClose={() => setOpen(false)}
      />
    </>
  )
}

/** The list of a menu, beside the element it belongs to for as long as there is one. */
export function MenuBox(props: {
  anchor: HTMLElement | undefined
  label: string
  items: readonly MenuItem[]
  onClose: () => void
}) {
  let box!: HTMLDivElement
  const entries = () => [...box.querySelectorAll<HTMLElement>('[role=menuitem]')]
  createEffect(() => {
    const { anchor } = props
    if (!anchor) {
      if (box.matches(':popover-open')) box.hidePopover()
      return
    }
    box.showPopover()
    place(box, anchor.getBoundingClientRect())
    entries()[0]?.focus()
  })
  const onKeyDown = (event: KeyboardEvent): void => {
    const all = entries()
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus()
    else if (event.key === 'ArrowUp') all[(at - 1 + all.length) % all.length]?.focus()
    else if (event.key === 'Home') all[0]?.focus()
    else if (event.key === 'End') all.at(-1)?.focus()
    else if (event.key === 'Tab') box.hidePopover()
    else if (event.ctrlKey || event.metaKey) return
    // Escape and Enter are the browser's: they close the menu and press the button. No key reaches the page.
    if (!['Escape', 'Enter', ' '].includes(event.key)) event.preventDefault()
    event.stopPropagation()
  }
  const choose = (item: MenuItem): void => {
    const { anchor } = props
    box.hidePopover()
    anchor?.focus()
    item.run()
  }
  return (
    <div
      ref={box}
      popover="auto"
      role="menu"
      aria-label={props.label}
      class={styles.menu}
      onKeyDown={onKeyDown}
      on:toggle={(event) => event.newState === 'closed' && props.onClose()}
    >
      <For each={props.items}>
        {(item) => (
          <button
            type="button"
            role="menuitem"
            tabindex="-1"
            class={styles.item}
            data-item={item.id}
            onClick={() => choose(item)}
          >
            <span>{item.label}</span>
            <Show when={item.keys}>{(keys) => <Keys keys={keys()} />}</Show>
          </button>
        )}
      </For>
    </div>
  )
}

const gap = 4

/** Below the anchor where there is room, else above; never beyond the window's right edge. */
function place(box: HTMLElement, anchor: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = box
  const below = anchor.bottom + gap
  const top = below + height <= innerHeight ? below : Math.max(gap, anchor.top - gap - height)
  box.style.top = `${top}px`
  box.style.left = `${Math.max(gap, Math.min(anchor.left, innerWidth - width - gap))}px`
}
