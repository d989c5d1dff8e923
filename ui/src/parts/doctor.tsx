import { createSignal, For, Show } from 'solid-js'
import { asApiError, call } from '../farm/api.ts'
import { useFarm } from '../farm/farm.tsx'
import { createRead } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import type { Glyph as GlyphName } from '../farm/status.ts'
import { toast } from '../farm/toasts.ts'
import type { DoctorAnswer, DoctorCheck } from '../farm/wire.ts'
import { Ago } from './ago.tsx'
import styles from './doctor.module.css'
import { EmptyState } from './empty-state.tsx'
import { Glyph } from './glyph.tsx'
import { Told } from './told.tsx'

const glyphs: Record<DoctorCheck['status'], GlyphName> = {
  ok: 'check',
  warn: 'bang',
  fail: 'cross',
  skipped: 'dotted',
}
const words: Record<DoctorCheck['status'], string> = {
  ok: 'in order',
  warn: 'look at this',
  fail: 'wrong',
  skipped: 'not looked at',
}

/** What a worker found when it looked itself over, and a way to ask it again. */
export function Doctor(props: { workerId: string; name: string }) {
  const farm = useFarm()
  const path = () => `/farm/workers/${props.workerId}/doctor`
  const report = createRead<DoctorAnswer>(path, { key: 'id', soonMs: 1000, everyMs: 15_000 })
  const [asked, setAsked] = createSignal(false)
  farm.on('worker', (event) => event.id === props.workerId && report.reloadSoon())
  const ask = async (): Promise<void> => {
    try {
      await call(`${path()}/request`, { method: 'POST' })
      setAsked(true)
      toast(`Asked ${props.name}: it answers when it next asks for work.`)
    } catch (cause) {
      toast(`${props.name} could not be asked. ${asApiError(cause).message}`, {
        report: reportOf(cause),
      })
    }
  }
  // The worst first: that is what somebody opens this for.
  const order: readonly DoctorCheck['status'][] = ['fail', 'warn', 'ok', 'skipped']
  const checks = () =>
    (report.data()?.checks ?? []).toSorted(
      (a, b) => order.indexOf(a.status) - order.indexOf(b.status),
    )
  return (
    <section class="card" aria-label="Doctor">
      <header>
        <h2>Doctor</h2>
        <Show when={report.data()?.at}>
          {(at) => (
            <span class="muted">
              <Ago time={at()} />
            </span>
          )}
        </Show>
        <button type="button" class="button spread" onClick={() => void ask()}>
          {asked() ? 'Asked' : 'Look again'}
        </button>
      </header>
      <Told read={report} what="its report">
        {() => (
          <Show
            when={checks().length > 0}
            fallback={<EmptyState small icon="worker" title="It has not told how it is yet." />}
          >
            <ul>
              <For each={checks()}>{(check) => <Check check={check} />}</For>
            </ul>
          </Show>
        )}
      </Told>
    </section>
  )
}

function Check(props: { check: DoctorCheck }) {
  const check = () => props.check
  return (
    <li class={styles.check} data-status={check().status}>
      <span class={styles.glyph} title={words[check().status]}>
        <Glyph name={glyphs[check().status]} />
        <span class="sr-only">{words[check().status]}: </span>
      </span>
      <span>{check().title}</span>
      <span class={styles.value}>{check().value}</span>
      <Show when={check().detail && check().status !== 'ok'}>
        <p class={`muted ${styles.more}`}>{check().detail}</p>
      </Show>
      <Show when={check().hint && check().status !== 'ok'}>
        <p class={styles.more}>{check().hint}</p>
      </Show>
    </li>
  )
}
