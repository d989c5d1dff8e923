import { For, Show } from 'solid-js'
import { asApiError } from '../farm/api.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import {
  type QuarantinedBlob,
  type ScrubStatus,
  startScrub,
  stopScrub,
  storePaths,
} from '../farm/store.ts'
import { toast } from '../farm/toasts.ts'
import { Ago } from './ago.tsx'
import { StatusWord } from './status-word.tsx'
import { Told } from './told.tsx'

/** Whether every blob still holds what its digest says. */
export function Scrub() {
  const scrub = createRead<ScrubStatus>(() => storePaths.scrub, { everyMs: 5000 })
  const bad = createRead<{ blobs: QuarantinedBlob[] }>(() => storePaths.quarantine, {
    key: 'sha',
    everyMs: 30_000,
  })
  const run = async (act: () => Promise<ScrubStatus>): Promise<void> => {
    await act().catch((cause: unknown) =>
      toast(asApiError(cause).message, { report: reportOf(cause) }),
    )
    scrub.reload()
  }
  return (
    <section class="card" aria-label="Scrub">
      <header>
        <h2>Scrub</h2>
        <Show when={scrub.data()}>
          {(status) => (
            <button
              type="button"
              class="button spread"
              onClick={() => void run(status().running ? stopScrub : startScrub)}
            >
              {status().running ? 'Stop' : 'Read every blob'}
            </button>
          )}
        </Show>
      </header>
      <Told read={scrub} what="the scrub">
        {(status) => (
          <>
            <p class="muted">
              <Show
                when={status().running}
                fallback={
                  <Show when={status().finished} fallback="Never finished yet.">
                    Finished <Ago time={status().finished} />:
                  </Show>
                }
              >
                Reading:
              </Show>{' '}
              <Show when={status().blobs > 0}>
                {formatCount(status().blobs, 'blob')}, {formatBytes(status().bytes)},{' '}
                {status().damaged === 0 ? 'none damaged' : `${status().damaged} damaged`}
              </Show>
            </p>
            <For each={bad.data()?.blobs}>
              {(blob) => (
                <p>
                  <StatusWord kind="task" status="failed" text={`${blob.sha.slice(0, 12)}…`} />{' '}
                  {formatBytes(blob.size)}: {blob.reason}.{' '}
                  {blob.checkouts.length > 0 ? `Breaks ${blob.checkouts.join(', ')}.` : ''}
                </p>
              )}
            </For>
          </>
        )}
      </Told>
    </section>
  )
}
