import { For, Show } from 'solid-js'
import { createRead } from '../farm/read.ts'
import type { AvailableJobType, AvailableJobTypes } from '../farm/wire.ts'
import { Told } from '../parts/told.tsx'
import styles from './job-types.module.css'
import page from './page.module.css'

/** The job types this manager knows, as their scripts describe them. */
export function JobTypes() {
  const types = createRead<AvailableJobTypes>(() => '/jobs/types', { key: 'name' })
  return (
    <div class={page.page}>
      <h1>Job types</h1>
      <ul class="row-gap">
        <For each={types.data()?.job_types}>
          {(type) => (
            <li>
              <a href={`#${type.name}`} target="_self">
                {type.label}
              </a>
            </li>
          )}
        </For>
      </ul>
      <Told read={types} what="the job types">
        {(data) => <For each={data().job_types}>{(type) => <JobType type={type} />}</For>}
      </Told>
    </div>
  )
}

/** One job type: what it is for, and each of its settings. */
function JobType(props: { type: AvailableJobType }) {
  return (
    <section class="card" id={props.type.name} aria-label={props.type.label}>
      <header>
        <h2>{props.type.label}</h2>
        <code class="muted">{props.type.name}</code>
      </header>
      <Show when={props.type.description}>
        <p class={styles.description}>{props.type.description}</p>
      </Show>
      <div style={{ 'overflow-x': 'auto' }}>
        <table class="table" style={{ 'min-width': '640px', 'table-layout': 'fixed' }}>
          <thead>
            <tr>
              <th style={{ width: '24%' }}>Setting</th>
              <th style={{ width: '12%' }}>Type</th>
              <th>Default</th>
              <th>What it does</th>
            </tr>
          </thead>
          <tbody>
            <For each={props.type.settings}>
              {(setting) => (
                <tr>
                  <td>
                    <code>{setting.key}</code>
                    {setting.required ? ' *' : ''}
                  </td>
                  <td>{setting.subtype ?? setting.type}</td>
                  <td>
                    <code class={styles.default}>
                      {setting.default === undefined
                        ? (setting.eval ?? '')
                        : JSON.stringify(setting.default)}
                    </code>
                  </td>
                  <td>{typeof setting.description === 'string' ? setting.description : ''}</td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
    </section>
  )
}
