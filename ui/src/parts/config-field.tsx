import { Show } from 'solid-js'
import { kindOf } from '../farm/config-edit.ts'
import styles from './config-editor.module.css'

/** One key of the configuration, as the kind of control its value asks for. */
export function ConfigField(props: {
  name: string
  value: unknown
  broken: boolean
  onChange: (value: unknown) => void
  onJson: (text: string) => void
}) {
  const kind = kindOf(props.value)
  const id = `config-${props.name}`
  // Not bound to the value: what a person types must not be rewritten under the cursor.
  const json = JSON.stringify(props.value ?? null, null, 2)
  return (
    <div class={styles.field}>
      <label for={id} class="mono">
        {props.name}
      </label>
      <Show when={kind === 'switch'}>
        <input
          id={id}
          type="checkbox"
          checked={props.value === true}
          onChange={(event) => props.onChange(event.currentTarget.checked)}
        />
      </Show>
      <Show when={kind === 'number' || kind === 'text'}>
        <input
          id={id}
          class="input"
          type={kind}
          value={String(props.value)}
          onInput={(event) =>
            props.onChange(
              kind === 'number' ? event.currentTarget.valueAsNumber : event.currentTarget.value,
            )
          }
        />
      </Show>
      <Show when={kind === 'json'}>
        <div>
          <textarea
            id={id}
            class="input mono"
            rows={Math.min(12, json.split('\n').length)}
            spellcheck={false}
            aria-invalid={props.broken}
            onInput={(event) => props.onJson(event.currentTarget.value)}
          >
            {json}
          </textarea>
          <Show when={props.broken}>
            <p class={styles.broken}>This is not JSON yet.</p>
          </Show>
        </div>
      </Show>
    </div>
  )
}
