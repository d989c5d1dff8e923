export interface Shortcut {
  /** `p`, `Shift+C`, `Mod+K` (Ctrl or ⌘), or two keys after each other: `g j`. */
  keys: string
  label: string
  group: 'Go' | 'Find' | 'Job' | 'Lists' | 'Frames' | 'View'
  /** Missing for keys that a list or grid handles itself: then it is only told in the help. */
  run?: () => void
}

export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}

/** A key press as the name shortcuts are written in. */
export function nameOfPress(press: KeyPress): string | undefined {
  if (['Shift', 'Control', 'Meta', 'Alt'].includes(press.key) || press.altKey) return undefined
  const mod = press.ctrlKey || press.metaKey ? 'Mod+' : ''
  const { key } = press
  if (key.length > 1) return `${mod}${press.shiftKey ? 'Shift+' : ''}${key}`
  // A letter is told apart by Shift; a sign such as `?` already says it.
  if (/[a-z]/i.test(key))
    return `${mod}${press.shiftKey ? 'Shift+' : ''}${press.shiftKey || mod ? key.toUpperCase() : key}`
  return `${mod}${key}`
}

export interface Matcher {
  /** The shortcut this press completes, if any. */
  press(name: string, at: number): Shortcut | undefined
}

const sequenceMs = 1200

export function createMatcher(shortcuts: () => readonly Shortcut[]): Matcher {
  let first: { name: string; at: number } | undefined
  return {
    press(name, at) {
      const pair = first && at - first.at < sequenceMs ? `${first.name} ${name}` : undefined
      first = undefined
      const all = shortcuts().filter((one) => one.run)
      const found =
        (pair && all.findLast((one) => one.keys === pair)) ||
        all.findLast((one) => one.keys === name)
      if (!found && all.some((one) => one.keys.startsWith(`${name} `))) first = { name, at }
      return found
    },
  }
}

/** Text goes to a field, and a dialog keeps its keys. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false
  return target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
}
