import { createSignal, createUniqueId, For, Match, onCleanup, Show, Switch } from 'solid-js'
import { type Config, kindOf, parseJson } from '../farm/config-edit.ts'
import styles from './config-editor.module.css'
import { VariablesField } from './variables-field.tsx'

export interface ConfigFieldProps {
  /** As the file names it; what lies inside another has its name before it. */
  name: string
  value: unknown
  onChange: (value: unknown) => void
  /** What stands in the field is no value yet. */
  onBroken: (name: string, isBroken: boolean) => void
}

/** One key of the configuration, as the kind of control its value asks for. */
export function ConfigField(props: ConfigFieldProps) {
  const kind = kindOf(props.name, props.value)
  const id = createUniqueId()
  return (
    <Show
      when={kind !== 'group' && kind !== 'variables'}
      fallback={
        <Show
          when={kind === 'group'}
          fallback={<VariablesField value={props.value as Config} onChange={props.onChange} />}
        >
          <Group {...props} value={props.value as Config} />
        </Show>
      }
    >
      <div class={styles.field}>
        <label for={id} class="mono">
          {props.name}
        </label>
        <Switch fallback={<Json {...props} id={id} />}>
          <Match when={kind === 'switch'}>
            <input
              id={id}
              type="checkbox"
              checked={props.value === true}
              onChange={(event) => props.onChange(event.currentTarget.checked)}
            />
          </Match>
          <Match when={kind === 'number' || kind === 'text'}>
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
          </Match>
        </Switch>
      </div>
    </Show>
  )
}

function Group(props: ConfigFieldProps & { value: Config }) {
  return (
    <For each={Object.keys(props.value)}>
      {(key) => (
        <ConfigField
          name={`${props.name}.${key}`}
          value={props.value[key]}
          onChange={(value) => props.onChange({ ...props.value, [key]: value })}
          onBroken={props.onBroken}
        />
      )}
    </For>
  )
}

/** Lists, and what has no control of its own. */
function Json(props: ConfigFieldProps & { id: string }) {
  const [broken, setBroken] = createSignal(false)
  // Not bound to the value: what a person types must not be rewritten under the cursor.
  const json = JSON.stringify(props.value ?? null, null, 2)
  const tell = (isBroken: boolean): void => {
    setBroken(isBroken)
    props.onBroken(props.name, isBroken)
  }
  onCleanup(() => props.onBroken(props.name, false))
  const edit = (text: string): void => {
    const parsed = parseJson(text)
    tell(parsed === undefined)
    if (parsed) props.onChange(parsed.value)
  }
  return (
    <div>
      <textarea
        id={props.id}
        class="input mono"
        rows={Math.min(12, json.split('\n').length)}
        spellcheck={false}
        aria-invalid={broken()}
        onInput={(event) => edit(event.currentTarget.value)}
      >
        {json}
      </textarea>
      <Show when={broken()}>
        <p class={styles.broken}>This is not JSON yet.</p>
      </Show>
    </div>
  )
}
