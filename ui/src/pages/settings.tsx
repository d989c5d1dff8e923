import { A, useParams } from '@solidjs/router'
import { createSignal, For, Match, Show, Switch } from 'solid-js'
import { slugOf, titles } from '../farm/config-edit.ts'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import { densities, density, setDensity, setTheme, theme, themes } from '../farm/theme.ts'
import { setSingleKeys, singleKeysAreOn } from '../farm/use-shortcuts.ts'
import type { ConfigHistory, ManagerConfiguration } from '../farm/wire.ts'
import { Access } from '../parts/access.tsx'
import { ConfigEditor } from '../parts/config-editor.tsx'
import { ConfigHistoryCard } from '../parts/config-history.tsx'
import page from './page.module.css'
import styles from './settings.module.css'

const rooms = [
  { href: '/settings', label: 'All' },
  ...titles.map((title) => ({ href: `/settings/${slugOf(title)}`, label: title })),
  { href: '/settings/access', label: 'Access' },
  { href: '/settings/changes', label: 'Changes' },
]

/** How this browser shows the farm, and how the manager is set up. */
export function Settings() {
  const params = useParams<{ section?: string }>()
  const history = createRead<ConfigHistory>(() => '/farm/config/history', { key: 'revision' })
  // A change that is taken back is another configuration: the editor reads it anew.
  const [version, setVersion] = createSignal(1)
  const changed = (): void => {
    history.reload()
    setVersion((n) => n + 1)
  }
  return (
    <div class={page.page}>
      <h1>Settings</h1>
      <nav aria-label="Settings" class={`segments ${styles.rooms}`}>
        <For each={rooms}>
          {(room) => (
            <A href={room.href} end>
              {room.label}
            </A>
          )}
        </For>
      </nav>
      <div class={page.two}>
        <Switch
          fallback={
            <Show when={version()} keyed>
              <ConfigEditor section={params.section} onSaved={history.reload} />
            </Show>
          }
        >
          <Match when={params.section === 'access'}>
            <div class="stack">
              <Access />
            </div>
          </Match>
          <Match when={params.section === 'changes'}>
            <ConfigHistoryCard history={history} onChanged={changed} />
          </Match>
        </Switch>
        <div class="stack">
          <ThisBrowser />
          <ThisManager />
          <Show when={params.section !== 'changes'}>
            <ConfigHistoryCard history={history} most={5} onChanged={changed} />
          </Show>
        </div>
      </div>
    </div>
  )
}

function ThisBrowser() {
  return (
    <section class="card" aria-label="This browser">
      <header>
        <h2>This browser</h2>
      </header>
      <dl class="facts">
        <dt>Theme</dt>
        <dd>
          <div class="segments" role="group" aria-label="Theme">
            <For each={themes}>
              {(one) => (
                <button type="button" aria-pressed={theme() === one} onClick={() => setTheme(one)}>
                  {one}
                </button>
              )}
            </For>
          </div>
        </dd>
        <dt>Rows</dt>
        <dd>
          <div class="segments" role="group" aria-label="Height of rows">
            <For each={densities}>
              {(one) => (
                <button
                  type="button"
                  aria-pressed={density() === one}
                  onClick={() => setDensity(one)}
                >
                  {one}
                </button>
              )}
            </For>
          </div>
        </dd>
        <dt>Keys</dt>
        <dd>
          <label class="row-gap">
            <input
              type="checkbox"
              checked={singleKeysAreOn()}
              onChange={(event) => setSingleKeys(event.currentTarget.checked)}
            />
            single letters are shortcuts
          </label>
        </dd>
      </dl>
    </section>
  )
}

function ThisManager() {
  const farm = useFarm()
  const configuration = createRead<ManagerConfiguration>(() => '/configuration')
  return (
    <section class="card" aria-label="This manager">
      <header>
        <h2>This manager</h2>
      </header>
      <dl class="facts">
        <dt>Version</dt>
        <dd>{farm.version()?.version}</dd>
        <Show when={configuration.data()}>
          {(data) => (
            <>
              <dt>Storage</dt>
              <dd class="mono">{data().storageLocation}</dd>
              <dt>Shaman</dt>
              <dd>{data().shamanEnabled ? 'on' : 'off'}</dd>
            </>
          )}
        </Show>
        <dt>Set-up</dt>
        <dd>
          <A href="/welcome">Checklist</A>
        </dd>
        <dt>Job types</dt>
        <dd>
          <A href="/job-types">What they take</A>
        </dd>
        <dt>API</dt>
        <dd>
          <a href="/api/v3/swagger-ui/" rel="external">
            Explorer
          </a>
        </dd>
        <dt>Add-on</dt>
        <dd>
          <A href="/addon">Get it into Blender</A>
        </dd>
      </dl>
    </section>
  )
}
