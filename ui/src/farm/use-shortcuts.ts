import { createSignal, onCleanup } from 'solid-js'
import { createMatcher, isTyping, nameOfPress, type Shortcut } from './shortcuts.ts'

const [registered, setRegistered] = createSignal<readonly (readonly Shortcut[])[]>([])

/** All shortcuts that hold on the present page; the last registered wins. */
export function activeShortcuts(): Shortcut[] {
  return registered().flat()
}

/** Shortcuts for as long as the calling component lives. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  setRegistered((all) => [...all, shortcuts])
  onCleanup(() => setRegistered((all) => all.filter((one) => one !== shortcuts)))
}

const matcher = createMatcher(activeShortcuts)
const singleKeysOff = 'farm.single-keys-off'

export function singleKeysAreOn(): boolean {
  return localStorage.getItem(singleKeysOff) === null
}

export function setSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(singleKeysOff)
  else localStorage.setItem(singleKeysOff, '')
}

/** Listens for shortcuts on the whole page. */
export function listenForShortcuts(): void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return
    const name = nameOfPress(event)
    if (name === undefined) return
    const hasMod = name.startsWith('Mod+')
    if (!hasMod && (isTyping(event.target) || !singleKeysAreOn())) return
    if (document.querySelector('dialog[open], :popover-open')) return
    const found = matcher.press(name, event.timeStamp)
    if (!found) return
    event.preventDefault()
    found.run?.()
  }
  document.addEventListener('keydown', onKeyDown)
  onCleanup(() => document.removeEventListener('keydown', onKeyDown))
}
