import { For } from 'solid-js'

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** A shortcut as keys: `g` `j`, `Shift` `C`. */
export function Keys(props: { keys: string }) {
  const parts = () =>
    props.keys
      .split(' ')
      .map((part) => part.replace('Mod+', isMac ? '⌘' : 'Ctrl+').replace('Shift+', '⇧'))
  return (
    <span style={{ display: 'inline-flex', gap: '3px' }}>
      <For each={parts()}>{(part) => <kbd>{part}</kbd>}</For>
    </span>
  )
}
