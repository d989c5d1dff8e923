import { Show } from 'solid-js'
import { formatCount } from '../../farm/format.ts'
import type { TraceReport } from '../../submit/trace.ts'
import { Glyph } from '../glyph.tsx'
import { LackingFiles } from '../lacking-files.tsx'
import styles from './submit.module.css'

/** Files the scene names and the checkout lacks, told before a worker stumbles over them. */
export function TraceReportCard(props: {
  report: TraceReport
  onGoOn: () => void
  onOther: () => void
}) {
  const lacking = () => props.report.lacking
  const title = () =>
    props.report.unreadable === undefined
      ? `${formatCount(lacking().length, 'file')} of this scene ${lacking().length === 1 ? 'is' : 'are'} not in the folder`
      : 'The scene could not be read'
  return (
    <section class="card" aria-label="What the scene lacks" role="alert">
      <header>
        <h2 class={styles.lackTitle}>
          <Glyph name="bang" />
          {title()}
        </h2>
      </header>
      <p class="muted">
        <Show
          when={props.report.unreadable}
          fallback="The job has not started. The render would lack:"
        >
          {(why) => <>{why()} The job has not started.</>}
        </Show>
      </p>
      <LackingFiles files={lacking()} />
      <div class={`row-gap ${styles.acts}`}>
        <button type="button" class="button primary" onClick={() => props.onOther()}>
          Choose the folder again
        </button>
        <button type="button" class="button" onClick={() => props.onGoOn()}>
          Submit without them
        </button>
      </div>
    </section>
  )
}
