import { createMemo, For } from 'solid-js'
import type { Shortcut } from '../farm/shortcuts.ts'
import { activeShortcuts } from '../farm/use-shortcuts.ts'
import { Dialog } from './dialog.tsx'
import styles from './help.module.css'
import { Keys } from './keys.tsx'

// Keys that lists and the frame grid handle themselves.
const told: readonly Shortcut[] = [
  { keys: 'j', label: 'Next row, also ↓', group: 'Lists' },
  { keys: 'k', label: 'Previous row, also ↑', group: 'Lists' },
  { keys: 'x', label: 'Select the row', group: 'Lists' },
  { keys: 'Shift+X', label: 'Select up to the row', group: 'Lists' },
  { keys: 'Mod+A', label: 'Select all rows', group: 'Lists' },
  { keys: 'Enter', label: 'Open', group: 'Lists' },
  { keys: '.', label: 'What can be done to the job', group: 'Lists' },
  { keys: 'f', label: 'Next frame in trouble', group: 'Frames' },
  { keys: 'Shift+F', label: 'Previous frame in trouble', group: 'Frames' },
  { keys: 'Shift+→', label: 'Extend the choice', group: 'Frames' },
  { keys: 'Escape', label: 'Choose nothing', group: 'Frames' },
]

/** Every key that does something here. */
export function Help(props: { open: boolean; onClose: () => void }) {
  const groups = createMemo(() => {
    const byGroup = new Map<string, Shortcut[]>()
    for (const one of [...activeShortcuts(), ...told]) {
      byGroup.set(one.group, [...(byGroup.get(one.group) ?? []), one])
    }
    return [...byGroup]
  })
  return (
    <Dialog open={props.open} onClose={props.onClose} title="Keyboard" wide>
      <p>
        <a href="/docs/" target="_blank" rel="noreferrer">
          Documentation
        </a>
      </p>
      <div class={styles.groups}>
        <For each={groups()}>
          {([group, list]) => (
            <section>
              <h3>{group}</h3>
              <dl class={styles.list}>
                <For each={list}>
                  {(one) => (
                    <>
                      <dt>
                        <Keys keys={one.keys} />
                      </dt>
                      <dd>{one.label}</dd>
                    </>
                  )}
                </For>
              </dl>
            </section>
          )}
        </For>
      </div>
    </Dialog>
  )
}
