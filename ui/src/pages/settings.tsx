import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import { densities, density, setDensity, setTheme, theme, themes } from '../farm/theme.ts'
import { setSingleKeys, singleKeysAreOn } from '../farm/use-shortcuts.ts'
import type { ManagerConfiguration } from '../farm/wire.ts'
import { ConfigEditor } from '../parts/config-editor.tsx'
import page from './page.module.css'

/** How this browser shows the farm, and how the manager is set up. */
export function Settings() {
  const farm = useFarm()
  const configuration = createRead<ManagerConfiguration>(() => '/configuration')
  return (
    <div class={page.page}>
      <h1>Settings</h1>
      <div class={page.two}>
        <ConfigEditor />
        <div class="stack">
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
                      <button
                        type="button"
                        aria-pressed={theme() === one}
                        onClick={() => setTheme(one)}
                      >
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
                <a href="/flamenco-addon.zip" download="">
                  Download for Blender
                </a>
              </dd>
            </dl>
          </section>
        </div>
      </div>
    </div>
  )
}
