import { createEffect, createSignal, For, on, Show } from 'solid-js'
import { asApiError } from '../farm/api.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createRead } from '../farm/read.ts'
import { reportOf } from '../farm/report.ts'
import {
  emptyTrash,
  type StoreStats,
  storePaths,
  type TrashEpoch,
  undoCollection,
} from '../farm/store.ts'
import { toast } from '../farm/toasts.ts'
import { Ago } from './ago.tsx'
import { Dialog } from './dialog.tsx'

/** Collections that can still be taken back. */
export function Trash(props: { stats: StoreStats; onChange: () => void }) {
  const trash = createRead<{ epochs: TrashEpoch[] }>(() => storePaths.trash, { key: 'epoch' })
  const [emptying, setEmptying] = createSignal(false)
  createEffect(on(() => props.stats.blobs, trash.reload, { defer: true }))
  const epochs = () => trash.data()?.epochs ?? []
  const total = () => epochs().reduce((sum, epoch) => sum + epoch.bytes, 0)
  const run = async (words: string, act: () => Promise<{ blobs: number; bytes: number }>) => {
    try {
      const done = await act()
      toast(`${words} ${formatBytes(done.bytes)} in ${formatCount(done.blobs, 'blob')}.`)
    } catch (cause) {
      toast(asApiError(cause).message, { report: reportOf(cause) })
    }
    trash.reload()
    props.onChange()
  }
  return (
    <Show when={epochs().length > 0}>
      <section class="card" aria-label="Trash">
        <header>
          <h2>Trash</h2>
          <span class="muted">{formatBytes(total())} are freed when it is emptied</span>
          <button type="button" class="button spread" onClick={() => setEmptying(true)}>
            Empty…
          </button>
        </header>
        <ul>
          <For each={epochs()}>
            {(epoch) => (
              <li class="row-gap">
                <span>
                  {formatBytes(epoch.bytes)} in {formatCount(epoch.blobs, 'blob')}
                </span>
                <span class="muted">
                  <Ago time={epoch.at} />
                </span>
                <button
                  type="button"
                  class="button spread"
                  onClick={() => void run('Brought back', () => undoCollection(epoch.epoch))}
                >
                  Take back
                </button>
              </li>
            )}
          </For>
        </ul>
        <Dialog open={emptying()} onClose={() => setEmptying(false)} title="Empty the trash?">
          <p>{formatBytes(total())} are removed for good. This cannot be undone.</p>
          <div class="row-gap">
            <button
              type="button"
              class="button primary"
              onClick={() => {
                setEmptying(false)
                void run('Removed', emptyTrash)
              }}
            >
              Remove {formatBytes(total())}
            </button>
            <button type="button" class="button" onClick={() => setEmptying(false)}>
              Keep
            </button>
          </div>
        </Dialog>
      </section>
    </Show>
  )
}
