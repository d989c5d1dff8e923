import { For, Show } from 'solid-js'
import { urlOf } from '../farm/api.ts'
import { formatMoment } from '../farm/format.ts'
import type { FarmJob } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import { CopyButton } from './copy-button.tsx'
import { Receipt } from './receipt.tsx'
import styles from './submission.module.css'

/** Who sent this job, from where and into which checkout. */
export function Submission(props: { job: FarmJob }) {
  const metadata = () => Object.entries(props.job.metadata ?? {})
  return (
    <>
      <div class="card-head">
        <h2>Submission</h2>
      </div>
      <dl class="facts">
        <dt>Job type</dt>
        <dd>{props.job.type}</dd>
        <Show when={props.job.storage?.shaman_checkout_id}>
          {(checkout) => <Receipt checkout={checkout()} />}
        </Show>
        <dt>Submitted</dt>
        <dd>
          {props.job.submitter ? `${props.job.submitter} · ` : ''}
          <Ago time={props.job.created} />
        </dd>
        <Show when={props.job.started}>
          {(started) => (
            <>
              <dt>Started</dt>
              <dd>{formatMoment(new Date(started()).getTime())}</dd>
            </>
          )}
        </Show>
        <Show when={props.job.finished}>
          {(finished) => (
            <>
              <dt>Finished</dt>
              <dd>{formatMoment(new Date(finished()).getTime())}</dd>
            </>
          )}
        </Show>
        <Show when={props.job.outputs.pattern ?? props.job.outputs.directory}>
          {(path) => (
            <>
              <dt>Output</dt>
              <dd class={styles.copyable}>
                <code>{path()}</code>
                <CopyButton text={path} what="the output path" />
              </dd>
              <Show when={props.job.steps_completed > 0}>
                <dt>
                  <span class="sr-only">Frames</span>
                </dt>
                <dd>
                  <a
                    href={urlOf(`/farm/jobs/${props.job.id}/outputs.tar`)}
                    download=""
                    rel="external"
                  >
                    Download what is rendered
                  </a>
                </dd>
              </Show>
            </>
          )}
        </Show>
        <dt>Tag</dt>
        <dd>{props.job.worker_tag_name ?? 'any worker'}</dd>
        <For each={metadata()}>
          {([key, value]) => (
            <>
              <dt>{key}</dt>
              <dd>{value}</dd>
            </>
          )}
        </For>
        <dt>Id</dt>
        <dd class={styles.copyable}>
          <code>{props.job.id}</code>
          <CopyButton text={() => props.job.id} what="the job id" />
        </dd>
      </dl>
    </>
  )
}
