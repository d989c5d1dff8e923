import { createUniqueId, For, Show } from 'solid-js'
import type { Field } from '../../submit/settings.ts'
import styles from './submit.module.css'

/** One setting of a job type, as the kind of control its type asks for. */
export function SettingField(props: { field: Field; onChange: (value: string | boolean) => void }) {
  const id = createUniqueId()
  return (
    <Show
      when={props.field.type !== 'bool'}
      fallback={
        <label class={styles.check} title={props.field.doc}>
          <input
            type="checkbox"
            checked={props.field.value === true}
            onChange={(event) => props.onChange(event.currentTarget.checked)}
          />
          {props.field.label}
        </label>
      }
    >
      <div class={styles.setting}>
        <label for={id}>{props.field.label}</label>
        <Show
          when={props.field.choices.length > 0}
          fallback={
            <input
              id={id}
              class="input"
              type={props.field.type === 'string' ? 'text' : 'number'}
              step={props.field.type === 'float' ? 'any' : undefined}
              required={props.field.required}
              aria-describedby={`${id}-doc`}
              value={String(props.field.value)}
              onInput={(event) => props.onChange(event.currentTarget.value)}
            />
          }
        >
          <select
            id={id}
            class="input"
            aria-describedby={`${id}-doc`}
            value={String(props.field.value)}
            onChange={(event) => props.onChange(event.currentTarget.value)}
          >
            <For each={props.field.choices}>{(choice) => <option>{choice}</option>}</For>
          </select>
        </Show>
        <span id={`${id}-doc`} class="faint">
          {props.field.doc}
        </span>
      </div>
    </Show>
  )
}
