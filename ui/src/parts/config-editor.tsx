import { useBeforeLeave } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { type ApiError, asApiError, call } from '../farm/api.ts'
import {
  type Config,
  type ConfigChange,
  changesOf,
  kindOf,
  parseJson,
  sectionsOf,
} from '../farm/config-edit.ts'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { toast } from '../farm/toasts.ts'
import styles from './config-editor.module.css'
import { Dialog } from './dialog.tsx'
import { ErrorPanel } from './error-panel.tsx'

/** The manager's configuration, key by key; what changes is shown before it is saved. */
export function ConfigEditor() {
  const file = createRead<Config>(() => '/configuration/file')
  const [edits, setEdits] = createSignal<Config>({})
  const [broken, setBroken] = createSignal<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = createSignal(false)
  const [error, setError] = createSignal<ApiError>()
  // A copy, for what is read may be replaced while somebody types.
  const before = createMemo<Config>(() => structuredCloneOf(file.data() ?? {}))
  const after = createMemo<Config>(() => ({ ...before(), ...edits() }))
  const changes = createMemo(() => changesOf(before(), after()))
  useBeforeLeave((event) => {
    if (changes().length > 0 && !event.defaultPrevented && !confirm('Leave without saving?')) {
      event.preventDefault()
    }
  })
  const edit = (key: string, value: unknown): void => {
    setBroken((all) => new Set([...all].filter((one) => one !== key)))
    setEdits((all) => ({ ...all, [key]: value }))
  }
  const editJson = (key: string, text: string): void => {
    const parsed = parseJson(text)
    if (parsed) edit(key, parsed.value)
    else setBroken((all) => new Set([...all, key]))
  }
  const save = async (): Promise<void> => {
    setAsking(false)
    try {
      await call('/configuration/file', { method: 'PUT', body: after() })
      toast(`Saved ${formatCount(changes().length, 'setting')}.`)
      setEdits({})
      setError(undefined)
      file.reload()
    } catch (cause) {
      setError(asApiError(cause))
    }
  }
  return (
    <section class="card" aria-label="Configuration">
      <header>
        <h2>Configuration</h2>
        <span class="spread row-gap">
          <Show when={changes().length > 0}>
            <button type="button" class="button" onClick={() => setEdits({})}>
              Undo edits
            </button>
          </Show>
          <button
            type="button"
            class="button primary"
            disabled={changes().length === 0 || broken().size > 0}
            onClick={() => setAsking(true)}
          >
            Save {changes().length > 0 ? formatCount(changes().length, 'change') : ''}…
          </button>
        </span>
      </header>
      <Show when={file.error()}>
        {(problem) => (
          <ErrorPanel error={problem()} onRetry={file.reload} what="the configuration" />
        )}
      </Show>
      <Show when={error()}>{(problem) => <ErrorPanel error={problem()} />}</Show>
      <For each={sectionsOf(before())}>
        {(section) => (
          <fieldset class={styles.section}>
            <legend>{section.title}</legend>
            <For each={section.keys}>
              {(key) => (
                <ConfigField
                  name={key}
                  value={after()[key]}
                  broken={broken().has(key)}
                  onChange={(value) => edit(key, value)}
                  onJson={(text) => editJson(key, text)}
                />
              )}
            </For>
          </fieldset>
        )}
      </For>
      <Dialog open={asking()} onClose={() => setAsking(false)} title="Save the configuration?">
        <Changes changes={changes()} />
        <p class="muted">Some settings take hold only when the manager starts again.</p>
        <div class="row-gap">
          <button type="button" class="button primary" onClick={() => void save()}>
            Save {formatCount(changes().length, 'change')}
          </button>
          <button type="button" class="button" onClick={() => setAsking(false)}>
            Go on editing
          </button>
        </div>
      </Dialog>
    </section>
  )
}

function structuredCloneOf(value: Config): Config {
  return JSON.parse(JSON.stringify(value)) as Config
}

function ConfigField(props: {
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

function Changes(props: { changes: readonly ConfigChange[] }) {
  return (
    <ul class={styles.changes}>
      <For each={props.changes}>
        {(change) => (
          <li>
            <b class="mono">{change.key}</b>
            <span class={styles.before}>{JSON.stringify(change.before)}</span>
            <span class={styles.after}>{JSON.stringify(change.after)}</span>
          </li>
        )}
      </For>
    </ul>
  )
}
