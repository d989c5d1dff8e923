import { A, useBeforeLeave } from '@solidjs/router'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { type ApiError, asApiError, call } from '../farm/api.ts'
import {
  type Config,
  changesOf,
  type ConfigChange as KeyChange,
  patchBetween,
  sectionsOf,
  slugOf,
} from '../farm/config-edit.ts'
import { formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import type { ConfigChange } from '../farm/wire.ts'
import styles from './config-editor.module.css'
import { ConfigField } from './config-field.tsx'
import { tellChange } from './config-history.tsx'
import { Dialog } from './dialog.tsx'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Told } from './told.tsx'

/** The manager's configuration, key by key; what changes is shown before it is saved. */
export function ConfigEditor(props: { section?: string | undefined; onSaved: () => void }) {
  const file = createRead<Config>(() => '/configuration/file')
  const [edits, setEdits] = createSignal<Config>({})
  const [broken, setBroken] = createSignal<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = createSignal(false)
  const [round, setRound] = createSignal(1)
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
  const edit = (key: string, value: unknown): void =>
    void setEdits((all) => ({ ...all, [key]: value }))
  /** From what is saved, in fields made anew: a text area keeps what was typed into it. */
  const begin = (): void => {
    setEdits({})
    setBroken(new Set<string>())
    setRound((n) => n + 1)
  }
  const tellBroken = (name: string, isBroken: boolean): void => {
    if (broken().has(name) === isBroken) return
    const others = [...broken()].filter((one) => one !== name)
    setBroken(new Set(isBroken ? [...others, name] : others))
  }
  const save = async (): Promise<void> => {
    setAsking(false)
    try {
      const body = patchBetween(before(), after())
      const change = await call<ConfigChange>('/farm/config', { method: 'PATCH', body })
      tellChange(change, () => {
        file.reload()
        props.onSaved()
      })
      begin()
      setError(undefined)
      file.reload()
      props.onSaved()
    } catch (cause) {
      setError(asApiError(cause))
    }
  }
  const shown = () =>
    sectionsOf(before()).filter(
      ({ title }) => props.section === undefined || slugOf(title) === props.section,
    )
  return (
    <section class="card" aria-label="Configuration">
      <header>
        <h2>Configuration</h2>
        <span class="spread row-gap">
          <Show when={changes().length > 0}>
            <button type="button" class="button" onClick={begin}>
              Undo edits
            </button>
          </Show>
          <button
            type="button"
            class="button primary"
            disabled={changes().length === 0 || broken().size > 0}
            onClick={() => setAsking(true)}
          >
            {changes().length > 0 ? `Save ${formatCount(changes().length, 'change')}…` : 'Save'}
          </button>
        </span>
      </header>
      <Show when={error()}>{(problem) => <ErrorPanel error={problem()} />}</Show>
      <Told read={file} what="the configuration">
        {() => (
          <Show when={round()} keyed>
            <For each={shown()} fallback={<NoSuchSection />}>
              {(section) => (
                <fieldset class={styles.section}>
                  <legend>{section.title}</legend>
                  <For each={section.keys}>
                    {(key) => (
                      <ConfigField
                        name={key}
                        value={after()[key]}
                        onChange={(value) => edit(key, value)}
                        onBroken={tellBroken}
                      />
                    )}
                  </For>
                </fieldset>
              )}
            </For>
          </Show>
        )}
      </Told>
      <Dialog open={asking()} onClose={() => setAsking(false)} title="Save the configuration?">
        <Changes changes={changes()} />
        <p class="muted">
          You are told which of them hold at once and which when the manager starts again.
        </p>
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

function NoSuchSection() {
  return (
    <EmptyState
      icon="search"
      title="No settings have this name."
      action={
        <A class="button" href="/settings">
          All settings
        </A>
      }
    />
  )
}

function structuredCloneOf(value: Config): Config {
  return JSON.parse(JSON.stringify(value)) as Config
}

function Changes(props: { changes: readonly KeyChange[] }) {
  return (
    <ul class={styles.changes}>
      <For each={props.changes}>
        {(change) => (
          <li>
            <b class="mono">{change.key}</b>
            <span class={styles.before}>{JSON.stringify(change.before)}</span>
            <span>{JSON.stringify(change.after)}</span>
          </li>
        )}
      </For>
    </ul>
  )
}
