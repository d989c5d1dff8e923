import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import { formatNumber } from '../farm/format.ts'
import type { Rows } from '../farm/rows.ts'
import { tellEta } from '../farm/tell-eta.ts'
import type { JobRow } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { Icon } from './glyph.tsx'
import styles from './job-table.module.css'
import { ProgressBar } from './progress-bar.tsx'
import { StatusWord } from './status-word.tsx'

/** What state, how far, how long still. */
export function JobTableRow(props: {
  job: JobRow
  thumbnail: string | undefined
  index: number
  rows: Rows
  onMenu: (id: string) => void
}) {
  const job = () => props.job
  return (
    <tr
      class={styles.row}
      data-key={job().id}
      data-doomed={job().delete_requested_at ? '' : undefined}
      aria-rowindex={props.index + 2}
      aria-selected={props.rows.selected(job().id)}
      tabindex={props.rows.current() === job().id ? 0 : -1}
      onClick={(event) => props.rows.onClick(job().id, event)}
    >
      <td class={styles.mark}>
        <label class={styles.hit}>
          <input
            type="checkbox"
            tabindex="-1"
            aria-label={`Select ${job().name}`}
            checked={props.rows.selected(job().id)}
            onChange={() => props.rows.toggle(job().id)}
          />
        </label>
      </td>
      <td class={styles.status}>
        <StatusWord
          kind="job"
          status={job().status}
          {...(job().delete_requested_at ? { text: 'deleting…' } : {})}
        />
      </td>
      <td class={styles.name}>
        <div class={styles.named}>
          <Show when={props.thumbnail} fallback={<span class={styles.noThumb} />}>
            {(url) => <img class={styles.thumb} src={url()} alt="" loading="lazy" />}
          </Show>
          <A href={`/jobs/${job().id}`} class={styles.link} tabindex="-1" title={job().name}>
            {job().name}
          </A>
        </div>
      </td>
      <td class={styles.progress}>
        <ProgressBar counts={job().task_counts} />
        <span class={styles.counts}>
          <span>
            {job().task_counts.completed} of {totalOf(job())}
            <span class={styles.unit}>{totalOf(job()) === '1' ? ' task' : ' tasks'}</span>
          </span>
          <For each={['failed', 'soft-failed'] as const}>
            {(status) => (
              <Show when={job().task_counts[status] > 0}>
                <A
                  class={styles.trouble}
                  href={`/jobs/${job().id}/tasks?status=${status}`}
                  tabindex="-1"
                  aria-label={`${job().task_counts[status]} ${status}`}
                >
                  <StatusWord
                    kind="task"
                    status={status}
                    text={String(job().task_counts[status])}
                  />
                </A>
              </Show>
            )}
          </For>
        </span>
      </td>
      <td class={styles.eta}>{tellEta(job().eta)}</td>
      <td class={styles.priority}>{job().priority}</td>
      <td class={styles.user} title={job().submitter}>
        {job().submitter || '–'}
      </td>
      <td class={styles.updated}>
        <Ago time={job().updated} />
      </td>
      <td class={styles.more}>
        <button
          type="button"
          class="button quiet icon"
          tabindex="-1"
          aria-haspopup="menu"
          aria-label={`Acts on ${job().name}`}
          onClick={() => props.onMenu(job().id)}
        >
          <Icon name="more" />
        </button>
      </td>
    </tr>
  )
}

function totalOf(job: JobRow): string {
  return formatNumber(Object.values(job.task_counts).reduce((sum, n) => sum + n, 0))
}
