import { A, useNavigate } from '@solidjs/router'
import { createMemo, For, Show } from 'solid-js'
import { createNewestFrames } from '../farm/newest-frames.ts'
import { createRows, type Rows } from '../farm/rows.ts'
import { tellEta } from '../farm/tell-eta.ts'
import type { JobRow } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { Icon } from './glyph.tsx'
import styles from './job-wall.module.css'
import { ProgressBar } from './progress-bar.tsx'
import { StatusWord } from './status-word.tsx'

/** Jobs as their newest pictures: what is on the farm, seen from a distance. */
export function JobWall(props: { jobs: readonly JobRow[]; onRows: (rows: Rows) => void }) {
  const made = createNewestFrames()
  let wall!: HTMLUListElement
  const navigate = useNavigate()
  const keys = createMemo(() => props.jobs.map((job) => job.id))
  const rows = createRows({
    keys,
    onOpen: (id) => navigate(`/jobs/${id}`),
    focusRow: (id) => wall.querySelector<HTMLElement>(`[data-key="${id}"] a`)?.focus(),
  })
  props.onRows(rows)
  return (
    <ul
      ref={wall}
      class={styles.wall}
      aria-label="Jobs"
      onKeyDown={rows.onKeyDown}
      {...rows.listProps}
    >
      <For each={props.jobs}>
        {(job) => <Tile job={job} rows={rows} fresh={made.of(job.id)?.small} />}
      </For>
    </ul>
  )
}

function Tile(props: { job: JobRow; rows: Rows; fresh: string | undefined }) {
  const job = () => props.job
  const isSelected = () => props.rows.selected(job().id)
  return (
    <li
      class={styles.tile}
      data-key={job().id}
      data-selected={isSelected() ? '' : undefined}
      onClick={(event) => props.rows.onClick(job().id, event)}
    >
      <div class={styles.picture}>
        <Show when={props.fresh ?? job().thumbnail} fallback={<Icon name="picture" size={24} />}>
          {(url) => <img src={url()} alt="" loading="lazy" />}
        </Show>
        <label class={styles.mark}>
          <input
            type="checkbox"
            aria-label={`Select ${job().name}`}
            checked={isSelected()}
            onChange={() => props.rows.toggle(job().id)}
          />
        </label>
      </div>
      <ProgressBar counts={job().task_counts} />
      <A href={`/jobs/${job().id}`} class={`truncate ${styles.name}`} title={job().name}>
        {job().name}
      </A>
      <div class={styles.facts}>
        <StatusWord
          kind="job"
          status={job().status}
          {...(job().delete_requested_at ? { text: 'deleting…' } : {})}
        />
        <span class="truncate">{job().submitter}</span>
        <span class="spread">
          <Show when={job().eta} fallback={<Ago time={job().updated} />}>
            {tellEta(job().eta)} left
          </Show>
        </span>
      </div>
    </li>
  )
}
