import { createSignal, For, Show } from 'solid-js'
import type { Config } from '../farm/config-edit.ts'
import { EmptyState } from './empty-state.tsx'
import { Icon } from './glyph.tsx'
import styles from './variables-field.module.css'

interface VariableValue {
  platform?: string
  /** In place of `platform`, where one value is for several. */
  platforms?: string[] | undefined
  value: string
  audience?: string
}

interface Variable {
  is_twoway?: boolean
  values: VariableValue[]
}

const audiences = ['all', 'workers', 'users'] as const
const platforms = ['linux', 'windows', 'darwin', 'all'] as const

/** The farm's variables: what `{name}` stands for, by platform and by who asks. */
export function VariablesField(props: { value: Config; onChange: (value: Config) => void }) {
  const [name, setName] = createSignal('')
  const variables = () => props.value as Record<string, Variable>
  const set = (key: string, variable: Variable): void =>
    props.onChange({ ...props.value, [key]: variable })
  const remove = (key: string): void =>
    props.onChange(Object.fromEntries(Object.entries(props.value).filter(([one]) => one !== key)))
  const isFree = () => /^\w+$/.test(name()) && !(name() in props.value)
  const add = (): void => {
    if (!isFree()) return
    set(name(), { is_twoway: false, values: [emptyValue()] })
    setName('')
  }
  return (
    <div class={styles.all}>
      <For
        each={Object.keys(props.value)}
        fallback={
          <EmptyState
            small
            icon="jobs"
            title="No variables yet"
            sentence="One gives a path its name on each platform: {shared} in a job type is /mnt/shared on Linux and S: on Windows."
          />
        }
      >
        {(key) => (
          <OneVariable
            name={key}
            variable={variables()[key]!}
            onChange={(next) => set(key, next)}
            onRemove={() => remove(key)}
          />
        )}
      </For>
      <div class="row-gap">
        <input
          class="input"
          aria-label="Name of a new variable"
          placeholder="name"
          value={name()}
          onInput={(event) => setName(event.currentTarget.value.trim())}
          onKeyDown={(event) => event.key === 'Enter' && add()}
        />
        <button type="button" class="button" disabled={!isFree()} onClick={add}>
          Add a variable
        </button>
        <Show when={name() !== '' && !isFree()}>
          <span class="muted">
            {name() in props.value ? 'There is one of that name.' : 'Letters, digits and _ only.'}
          </span>
        </Show>
      </div>
    </div>
  )
}

function OneVariable(props: {
  name: string
  variable: Variable
  onChange: (variable: Variable) => void
  onRemove: () => void
}) {
  const values = () => props.variable.values ?? []
  const change = (at: number, part: Partial<VariableValue>): void =>
    props.onChange({ ...props.variable, values: values().with(at, { ...values()[at]!, ...part }) })
  return (
    <fieldset class={styles.variable}>
      <legend class="mono">{`{${props.name}}`}</legend>
      <For each={values().map((_, at) => at)}>
        {(at) => (
          <ValueRow
            name={props.name}
            value={values()[at] ?? emptyValue()}
            onChange={(part) => change(at, part)}
            onRemove={() =>
              props.onChange({ ...props.variable, values: values().toSpliced(at, 1) })
            }
          />
        )}
      </For>
      <div class="row-gap">
        <button
          type="button"
          class="button quiet"
          onClick={() => props.onChange({ ...props.variable, values: [...values(), emptyValue()] })}
        >
          Add a value
        </button>
        <label
          class="row-gap"
          title="Paths that a submission brings are turned into the variable, and back on each platform"
        >
          <input
            type="checkbox"
            checked={props.variable.is_twoway === true}
            onChange={(event) =>
              props.onChange({ ...props.variable, is_twoway: event.currentTarget.checked })
            }
          />
          two-way
        </label>
        <button type="button" class="button quiet spread" onClick={() => props.onRemove()}>
          Remove {props.name}
        </button>
      </div>
    </fieldset>
  )
}

function ValueRow(props: {
  name: string
  value: VariableValue
  onChange: (part: Partial<VariableValue>) => void
  onRemove: () => void
}) {
  const platform = () => props.value.platform ?? props.value.platforms?.join(', ') ?? 'all'
  const choices = () =>
    platforms.some((one) => one === platform()) ? platforms : [...platforms, platform()]
  return (
    <div class={styles.value}>
      <select
        class="input"
        aria-label={`Platform for ${props.name}`}
        onChange={(event) =>
          props.onChange({ platform: event.currentTarget.value, platforms: undefined })
        }
      >
        <For each={choices()}>{(one) => <option selected={one === platform()}>{one}</option>}</For>
      </select>
      <select
        class="input"
        aria-label={`Who asks for ${props.name}`}
        onChange={(event) => props.onChange({ audience: event.currentTarget.value })}
      >
        <For each={audiences}>
          {(one) => <option selected={one === (props.value.audience ?? 'all')}>{one}</option>}
        </For>
      </select>
      <input
        class="input mono"
        aria-label={`Value of ${props.name}`}
        value={props.value.value}
        onInput={(event) => props.onChange({ value: event.currentTarget.value })}
      />
      <button
        type="button"
        class="button quiet icon"
        aria-label={`Remove this value of ${props.name}`}
        onClick={() => props.onRemove()}
      >
        <Icon name="close" size={14} />
      </button>
    </div>
  )
}

function emptyValue(): VariableValue {
  return { platform: 'linux', audience: 'all', value: '' }
}
