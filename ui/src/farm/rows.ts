import { type Accessor, createEffect, createMemo, createSignal, onCleanup, untrack } from 'solid-js'
import {
  click,
  extendTo,
  keepExisting,
  nothingSelected,
  type Selection,
  selectAll,
  selectOnly,
  toggle,
} from './selection.ts'

export interface Rows {
  selection: Accessor<Selection>
  selected: (key: string) => boolean
  /** The one row that Tab reaches. */
  current: Accessor<string | undefined>
  /** Pointer, focus or selection rests on the list: its order must not change. */
  held: Accessor<boolean>
  clear(): void
  toggle(key: string): void
  onClick(key: string, event: MouseEvent): void
  onKeyDown(event: KeyboardEvent): void
  listProps: {
    onPointerEnter: () => void
    onPointerLeave: () => void
    onFocusIn: () => void
    onFocusOut: (event: FocusEvent) => void
  }
}

export interface RowsOptions {
  keys: Accessor<readonly string[]>
  onOpen(key: string): void
  /** Shows what can be done to a row. */
  onMenu?(key: string): void
  /** Brings a row into view and focuses it. */
  focusRow(key: string): void
}

/** Selection and keyboard of a list of rows: arrows or j/k move, x marks, Shift extends. */
export function createRows(options: RowsOptions): Rows {
  const [selection, setSelection] = createSignal<Selection>(nothingSelected)
  const [current, setCurrent] = createSignal<string>()
  const [over, setOver] = createSignal(false)
  const [focused, setFocused] = createSignal(false)
  let leaving: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(leaving))
  const held = createMemo(() => over() || focused() || selection().keys.size > 0)

  createEffect(() => {
    const existing = new Set(options.keys())
    setSelection((before) => keepExisting(before, existing))
    const now = untrack(current)
    if (now !== undefined && !existing.has(now)) setCurrent(undefined)
  })

  return {
    selection,
    selected: (key) => selection().keys.has(key),
    current: () => current() ?? options.keys()[0],
    held,
    clear: () => setSelection(nothingSelected),
    toggle: (key) => setSelection((before) => toggle(before, key)),
    onClick(key, event) {
      setCurrent(key)
      if ((event.target as Element).closest('a, button, input, label')) return
      setSelection((before) => click(before, key, options.keys(), event))
    },
    onKeyDown,
    listProps: {
      onPointerEnter: () => {
        clearTimeout(leaving)
        setOver(true)
      },
      // Long enough to travel to the button that applies what waits.
      onPointerLeave: () => {
        leaving = setTimeout(() => setOver(false), 1500)
      },
      onFocusIn: () => setFocused(true),
      onFocusOut: (event) =>
        setFocused((event.currentTarget as Element).contains(event.relatedTarget as Node | null)),
    },
  }

  function onKeyDown(event: KeyboardEvent): void {
    if ((event.target as Element).closest('input:not([type=checkbox]), select, textarea')) return
    const keys = options.keys()
    const at = Math.max(0, keys.indexOf(current() ?? keys[0] ?? ''))
    const key = event.key
    if ((event.ctrlKey || event.metaKey) && key === 'a') setSelection(selectAll(keys))
    else if (event.ctrlKey || event.metaKey || event.altKey) return
    else if (key === 'ArrowDown' || key === 'j') move(at + 1, event.shiftKey)
    else if (key === 'ArrowUp' || key === 'k') move(at - 1, event.shiftKey)
    else if (key === 'PageDown') move(at + 20, event.shiftKey)
    else if (key === 'PageUp') move(at - 20, event.shiftKey)
    else if (key === 'Home') move(0, event.shiftKey)
    else if (key === 'End') move(keys.length - 1, event.shiftKey)
    else if (key === 'x' || key === ' ') mark(keys[at], false)
    else if (key === 'X') mark(keys[at], true)
    else if (key === '.' && options.onMenu) {
      if (keys[at] !== undefined) options.onMenu(keys[at])
    } else if (key === 'Escape' && selection().keys.size > 0) setSelection(nothingSelected)
    else if (key === 'Enter' && (event.target as Element).tagName === 'TR') {
      if (keys[at] !== undefined) options.onOpen(keys[at])
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  function move(to: number, extend: boolean): void {
    const keys = options.keys()
    const key = keys[Math.min(keys.length - 1, Math.max(0, to))]
    if (key === undefined) return
    if (extend) {
      setSelection((before) =>
        extendTo(before.anchor ? before : selectOnly(current() ?? key), key, keys),
      )
    }
    setCurrent(key)
    options.focusRow(key)
  }

  function mark(key: string | undefined, range: boolean): void {
    if (key === undefined) return
    setSelection((before) => (range ? extendTo(before, key, options.keys()) : toggle(before, key)))
  }
}
