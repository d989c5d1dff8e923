import { For, Show } from 'solid-js'
import type { Order } from '../../submit/order.ts'
import { SettingField } from './setting-field.tsx'
import styles from './submit.module.css'

/** The job's name, scene, type, settings, priority and tag. */
export function OrderFields(props: { order: Order; blends: readonly string[]; busy: boolean }) {
  const { facts, setFacts } = props.order
  return (
    <fieldset class={styles.fields} disabled={props.busy}>
      <legend class="sr-only">Job</legend>
      <label>
        Name
        <input
          class="input"
          required
          value={facts.name}
          onInput={(event) => setFacts('name', event.currentTarget.value)}
        />
      </label>
      <label>
        .blend file
        <Show
          when={props.blends.length > 0}
          fallback={<span class={styles.warning}>There is no .blend file in this folder.</span>}
        >
          <select
            class="input"
            value={facts.blend}
            onChange={(event) => setFacts('blend', event.currentTarget.value)}
          >
            <For each={props.blends}>{(path) => <option>{path}</option>}</For>
          </select>
        </Show>
      </label>
      <label>
        Job type
        <select
          class="input"
          value={facts.type}
          onChange={(event) => setFacts('type', event.currentTarget.value)}
        >
          <For each={props.order.types()}>
            {(one) => (
              <option value={one.name} selected={one.name === facts.type}>
                {one.label}
              </option>
            )}
          </For>
        </select>
      </label>
      <For each={props.order.fields().map((field) => field.key)}>
        {(key) => (
          <SettingField
            field={props.order.fields().find((one) => one.key === key)!}
            onChange={(value) => props.order.edit(key, value)}
          />
        )}
      </For>
      <label>
        Priority
        <input
          class="input"
          type="number"
          min="0"
          max="100"
          value={facts.priority}
          onInput={(event) => setFacts('priority', event.currentTarget.valueAsNumber)}
        />
      </label>
      <label>
        Tag
        <select
          class="input"
          value={facts.tag}
          onChange={(event) => setFacts('tag', event.currentTarget.value)}
        >
          <option value="">any worker</option>
          <For each={props.order.tags()}>{(one) => <option value={one.id}>{one.name}</option>}</For>
        </select>
      </label>
      <label
        class={styles.check}
        title="Frames an earlier job made from the very same files and settings are taken over"
      >
        <input
          type="checkbox"
          checked={facts.reuse}
          onChange={(event) => setFacts('reuse', event.currentTarget.checked)}
        />
        Reuse frames that were rendered before
      </label>
    </fieldset>
  )
}
