import { For, Show } from 'solid-js'
import type { TracedFile } from '../submit/trace.ts'
import styles from './lacking-files.module.css'

const shownAtMost = 100

/** Files that a scene names and its checkout does not hold. */
export function LackingFiles(props: { files: readonly TracedFile[] }) {
  return (
    <Show when={props.files.length > 0}>
      <div class={styles.scroll}>
        <table class="table">
          <thead>
            <tr>
              <th>File</th>
              <th>Kind</th>
              <th>Why</th>
              <th>Used by</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.files.slice(0, shownAtMost)}>
              {(file) => (
                <tr>
                  <td class="mono">{file.stored ?? file.path}</td>
                  <td>{file.kind}</td>
                  <td>{reasons[file.status] ?? file.status}</td>
                  <td class="muted">{usersOf(file)}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <Show when={props.files.length > shownAtMost}>
        <p class="faint">and {props.files.length - shownAtMost} more</p>
      </Show>
    </Show>
  )
}

const reasons: Record<string, string> = {
  missing: 'not there',
  outside: 'lies outside the folder',
  gap: 'some of its frames are not there',
  unreadable: 'cannot be read',
}

function usersOf(file: TracedFile): string {
  const names = file.users.map((user) => user.block ?? user.property ?? '').filter(Boolean)
  const more = names.length > 3 ? `, and ${names.length - 3} more` : ''
  return `${names.slice(0, 3).join(', ')}${more}`
}
