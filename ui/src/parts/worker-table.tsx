import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import type { Rows } from '../farm/rows.ts'
import type { WorkerRow } from '../farm/wire.ts'
import type { WorkerSort } from '../farm/worker-order.ts'
import { Ago } from './ago.tsx'
import { SortHead } from './sort-head.tsx'
import { WorkerStatusWord } from './worker-status.tsx'
import styles from './worker-table.module.css'

const columns: readonly { by: WorkerSort; label: string; own?: string }[] = [
  { by: 'status', label: 'Status' },
  { by: 'name', label: 'Name' },
  { by: 'task', label: 'Task' },
  { by: 'tags', label: 'Tags' },
  { by: 'takes', label: 'Takes' },
  { by: 'address', label: 'Address' },
  { by: 'version', label: 'Version' },
  { by: 'seen', label: 'Seen', own: '-seen' },
]

/** Workers as rows: what each is, does, takes and was last heard of. */
export function WorkerTable(props: {
  workers: readonly WorkerRow[]
  rows: Rows
  sort: string
  onSort: (sort: string) => void
}) {
  return (
    <section class={`card ${styles.scroll}`} {...props.rows.listProps}>
      <table
        class="table"
        role="grid"
        aria-label="Workers"
        aria-multiselectable="true"
        onKeyDown={props.rows.onKeyDown}
      >
        <thead>
          <tr>
            <th>
              <span class="sr-only">Select</span>
            </th>
            <For each={columns}>
              {(column) => <SortHead {...column} sort={props.sort} onSort={props.onSort} />}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={props.workers}>
            {(worker) => (
              <tr
                class={styles.row}
                data-key={worker.id}
                aria-selected={props.rows.selected(worker.id)}
                tabindex={props.rows.current() === worker.id ? 0 : -1}
                onClick={(event) => props.rows.onClick(worker.id, event)}
              >
                <td>
                  <input
                    type="checkbox"
                    tabindex="-1"
                    aria-label={`Select ${worker.name}`}
                    checked={props.rows.selected(worker.id)}
                    onChange={() => props.rows.toggle(worker.id)}
                  />
                </td>
                <td>
                  <WorkerStatusWord worker={worker} />
                </td>
                <td>
                  <A href={`/workers/${worker.id}`} tabindex="-1">
                    {worker.name}
                  </A>
                </td>
                <td>
                  <Show when={worker.task} fallback={<span class="faint">–</span>}>
                    {(task) => (
                      <A href={`/jobs/${task().job_id}/tasks/${task().id}`} tabindex="-1">
                        {task().name}
                      </A>
                    )}
                  </Show>
                </td>
                <td>{worker.tags.map((tag) => tag.name).join(', ') || '–'}</td>
                <td>{worker.supported_task_types.join(', ')}</td>
                <td class="mono">{worker.ip_address}</td>
                <td>{worker.version}</td>
                <td>
                  <Ago time={worker.last_seen} none="never" />
                </td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  )
}
