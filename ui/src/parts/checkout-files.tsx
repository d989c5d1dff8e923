import { A } from '@solidjs/router'
import { createVirtualizer } from '@tanstack/solid-virtual'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { formatBytes, formatCount } from '../farm/format.ts'
import styles from './checkout-files.module.css'

interface File {
  path: string
  sha: string
  size: number
}

/** A manifest's files; only those in view are drawn. */
export function CheckoutFiles(props: { files: readonly File[] }) {
  let scroller!: HTMLDivElement
  const [find, setFind] = createSignal('')
  const [bySize, setBySize] = createSignal(true)
  const shown = createMemo(() => {
    const wanted = find().toLowerCase()
    const found = props.files.filter((file) => file.path.toLowerCase().includes(wanted))
    return bySize()
      ? found.toSorted((a, b) => b.size - a.size)
      : found.toSorted((a, b) => a.path.localeCompare(b.path))
  })
  const virtual = createVirtualizer({
    get count() {
      return shown().length
    },
    getScrollElement: () => scroller,
    estimateSize: () => 26,
    overscan: 12,
  })
  return (
    <>
      <div class="row-gap">
        <input
          type="search"
          class="input"
          placeholder="Find a file"
          aria-label="Find a file"
          data-find
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <div class="segments" role="group" aria-label="Sort by">
          <button type="button" aria-pressed={bySize()} onClick={() => setBySize(true)}>
            Size
          </button>
          <button type="button" aria-pressed={!bySize()} onClick={() => setBySize(false)}>
            Path
          </button>
        </div>
        <span class="spread muted">{formatCount(shown().length, 'file')}</span>
      </div>
      <div
        ref={scroller}
        class={styles.scroller}
        tabindex="0"
        role="region"
        aria-label="Files of the checkout"
      >
        <ul style={{ height: `${virtual.getTotalSize()}px` }} class={styles.list}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <Show when={shown()[item.index]}>
                {(file) => (
                  <li class={styles.file} style={{ transform: `translateY(${item.start}px)` }}>
                    <A
                      href={`/storage/blobs/${file().sha}/${file().size}`}
                      class="truncate"
                      title={file().path}
                    >
                      {file().path}
                    </A>
                    <span>{formatBytes(file().size)}</span>
                  </li>
                )}
              </Show>
            )}
          </For>
        </ul>
      </div>
    </>
  )
}
