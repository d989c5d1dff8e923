import { createMemo, For, Show } from 'solid-js'
import { useJob } from '../farm/job-context.ts'
import { createRead } from '../farm/read.ts'
import type { AvailableJobSetting, AvailableJobType } from '../farm/wire.ts'
import { EmptyState } from '../parts/empty-state.tsx'

/** A job's settings by the labels its type gives them. */
export function JobSettings() {
  const { job } = useJob()
  const type = createRead<AvailableJobType>(() => {
    const name = job.data()?.type
    return name === undefined ? undefined : `/jobs/type/${encodeURIComponent(name)}`
  })
  const rows = createMemo(() =>
    settingRows(job.data()?.settings ?? {}, type.data()?.settings ?? []),
  )
  return (
    <section class="card" aria-label="Settings">
      <header>
        <h2>{type.data()?.label ?? job.data()?.type}</h2>
      </header>
      <Show
        when={rows().length > 0}
        fallback={<EmptyState small icon="jobs" title="This job has no settings." />}
      >
        <dl class="facts">
          <For each={rows()}>
            {(row) => (
              <>
                <dt title={row.doc}>{row.label}</dt>
                <dd>
                  <code>{row.value}</code>
                </dd>
              </>
            )}
          </For>
        </dl>
      </Show>
    </section>
  )
}

interface SettingRow {
  label: string
  value: string
  doc: string | undefined
}

function settingRows(
  values: Record<string, unknown>,
  described: readonly AvailableJobSetting[],
): SettingRow[] {
  const byKey = new Map(described.map((setting) => [setting.key, setting]))
  const order = new Map(described.map((setting, index) => [setting.key, index]))
  return Object.entries(values)
    .sort(([a], [b]) => (order.get(a) ?? 999) - (order.get(b) ?? 999))
    .map(([key, value]) => {
      const setting = byKey.get(key)
      return {
        label: typeof setting?.label === 'string' ? setting.label : words(key),
        value: typeof value === 'string' ? value : JSON.stringify(value),
        doc: typeof setting?.description === 'string' ? setting.description : undefined,
      }
    })
}

/** `render_output_root` reads as "Render output root". */
function words(key: string): string {
  const spaced = key.replaceAll('_', ' ')
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
