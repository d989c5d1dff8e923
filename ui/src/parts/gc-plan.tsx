import { createEffect, createSignal, on, onCleanup, Show } from 'solid-js'
import { type ApiError, asApiError } from '../farm/api.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { reportOf } from '../farm/report.ts'
import type { Storage } from '../farm/storage.ts'
import {
  applyCollection,
  type GcPlan,
  type GcResult,
  planCollection,
  storePaths,
  undoCollection,
} from '../farm/store.ts'
import { toast } from '../farm/toasts.ts'
import { Ago } from './ago.tsx'
import { DaysSlider } from './days-slider.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { PlanBar, PlanTable } from './gc-figures.tsx'
import styles from './gc-plan.module.css'
import { Icon } from './glyph.tsx'
import { PlannedCheckouts } from './planned-checkouts.tsx'

const replanMs = 300

/** What a collection would free, seen before it is done. The plan that is shown is what is applied. */
export function GcPlanCard(props: {
  store: Storage
  /** Checkouts to remove with the plan. */
  erase: readonly string[]
  onPlan: (plan: GcPlan | undefined) => void
  onKeep: (path: string) => void
  onApplied: () => void
}) {
  const [days, setDays] = createSignal(1)
  const [plan, setPlan] = createSignal<GcPlan>()
  const [error, setError] = createSignal<ApiError>()
  const [confirming, setConfirming] = createSignal(false)
  let running: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => {
    clearTimeout(timer)
    running?.abort()
  })
  createEffect(
    on([days, () => props.erase], () => {
      clearTimeout(timer)
      timer = setTimeout(() => void replan(), replanMs)
    }),
  )
  async function replan(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    try {
      const made = await planCollection(
        { maxAgeSeconds: days() * 86_400, erase: props.erase },
        mine.signal,
      )
      setError(undefined)
      setPlan(made)
      props.onPlan(made)
    } catch (cause) {
      if (!mine.signal.aborted) setError(asApiError(cause))
    }
  }
  async function apply(evenIfLarge: boolean): Promise<void> {
    const chosen = plan()
    setConfirming(false)
    if (!chosen) return
    try {
      const result = await applyCollection(chosen.id, evenIfLarge)
      toast(
        resultWords(result),
        result.removed.blobs > 0 ? { undo: () => void takeBack(result.epoch) } : {},
      )
      props.onApplied()
      // What was erased is still asked for until the list is read anew; its change plans again.
      if (result.erased.length > 0) setPlan(undefined)
      else void replan()
    } catch (cause) {
      const failed = asApiError(cause)
      toast(`Nothing was removed. ${failed.message}`, { report: reportOf(failed) })
      props.onApplied()
      void replan()
    }
  }
  async function takeBack(epoch: string): Promise<void> {
    try {
      const back = await undoCollection(epoch)
      toast(`Brought back ${formatBytes(back.bytes)} in ${formatCount(back.blobs, 'blob')}.`)
    } catch (cause) {
      toast(`Could not bring it back. ${asApiError(cause).message}`, { report: reportOf(cause) })
    }
    props.onApplied()
    void replan()
  }

  return (
    <section class="card" aria-label="Collection">
      <header>
        <h2>What would a collection free?</h2>
      </header>
      <DaysSlider label="Keep unused blobs newer than" days={days()} most={90} onDays={setDays} />
      <Show when={error()}>
        {(problem) => <ErrorPanel error={problem()} onRetry={() => void replan()} what="a plan" />}
      </Show>
      <Show when={plan()} fallback={<p class="muted">Planning…</p>}>
        {(made) => (
          <>
            <PlanBar plan={made()} />
            <PlanTable plan={made()} />
            <Show when={made().warning}>
              <p class={styles.warning}>{made().warning}</p>
            </Show>
            <Show when={made().erase.length > 0}>
              <PlannedCheckouts paths={made().erase} store={props.store} onKeep={props.onKeep} />
            </Show>
            <p class={`muted ${styles.planned}`}>
              Planned <Ago time={made().created} />. Blobs that gain a use before you apply are
              skipped and told.
            </p>
            <div class="row-gap">
              <button
                type="button"
                class="button primary"
                disabled={made().removed.blobs === 0 && made().erase.length === 0}
                onClick={() => setConfirming(true)}
              >
                {removeWords(made())}…
              </button>
              <a class="button" href={storePaths.planCsv(made().id)} download="">
                <Icon name="download" size={14} />
                Download as CSV
              </a>
            </div>
            <Dialog
              open={confirming()}
              onClose={() => setConfirming(false)}
              title={`${removeWords(made())}?`}
            >
              <p>
                {formatCount(made().removed.blobs, 'blob')}, {formatBytes(made().removed.bytes)},
                move to the trash
                {made().erase.length > 0
                  ? `, and ${formatCount(made().erase.length, 'checkout')} are removed`
                  : ''}
                . {formatBytes(made().remaining.bytes)} remain. The trash can be taken back until it
                is emptied.
              </p>
              <Show when={made().warning}>
                <p class={styles.warning}>{made().warning}</p>
              </Show>
              <div class="row-gap">
                <button
                  type="button"
                  class="button primary"
                  onClick={() => void apply(made().warning !== undefined)}
                >
                  {removeWords(made())}
                </button>
                <button type="button" class="button" onClick={() => setConfirming(false)}>
                  Keep all
                </button>
              </div>
            </Dialog>
          </>
        )}
      </Show>
    </section>
  )
}

function resultWords({ removed, spared, erased }: GcResult): string {
  const words = [
    erased.length > 0 ? `Removed ${formatCount(erased.length, 'checkout')}.` : '',
    removed.blobs > 0
      ? `Freed ${formatBytes(removed.bytes)} in ${formatCount(removed.blobs, 'blob')}.`
      : '',
    spared.blobs > 0 ? `${formatCount(spared.blobs, 'blob')} gained a use and stayed.` : '',
  ]
  return words.filter(Boolean).join(' ') || 'Nothing was left to remove.'
}

function removeWords(plan: GcPlan): string {
  if (plan.erase.length === 0) return `Remove ${formatBytes(plan.removed.bytes)}`
  const checkouts = formatCount(plan.erase.length, 'checkout')
  return plan.removed.bytes === 0
    ? `Remove ${checkouts}`
    : `Remove ${checkouts} and ${formatBytes(plan.removed.bytes)}`
}
