import { A } from '@solidjs/router'
import { createVirtualizer } from '@tanstack/solid-virtual'
import { createMemo, createSignal, For, Show } from 'solid-js'
import { type TreeFile, type TreeRow, treeRows } from '../farm/file-tree.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import styles from './checkout-files.module.css'
import { EmptyState } from './empty-state.tsx'
import { FolderMap } from './folder-map.tsx'
import { Icon } from './glyph.tsx'
import { NoMatch } from './no-match.tsx'

const orders = ['folders', 'map', 'size', 'path'] as const
type Order = (typeof orders)[number]
const orderLabels: Record<Order, string> = {
  folders: 'Folders',
  map: 'Map',
  size: 'Size',
  path: 'Path',
}

/** A manifest's files, as folders or as one list; only those in view are drawn. */
export function CheckoutFiles(props: { files: readonly TreeFile[] }) {
  let scroller!: HTMLDivElement
  const [find, setFind] = createSignal('')
  const [order, setOrder] = createSignal<Order>('folders')
  const [open, setOpen] = createSignal<ReadonlySet<string>>(new Set())
  const found = createMemo(() => {
    const wanted = find().toLowerCase()
    return props.files.filter((file) => file.path.toLowerCase().includes(wanted))
  })
  const rows = createMemo<TreeRow[]>(() => {
    // What is sought lies in closed folders too, so a search is always a list.
    if (order() === 'folders' && find() === '') return treeRows(props.files, open())
    return found().map(flatRow).toSorted(compare(order()))
  })
  const isMap = () => order() === 'map' && find() === ''
  const toggle = (path: string): void => {
    const next = new Set(open())
    if (!next.delete(path)) next.add(path)
    setOpen(next)
  }
  const virtual = createVirtualizer({
    get count() {
      return rows().length
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
          value={find()}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <div class="segments" role="group" aria-label="Show as">
          <For each={orders}>
            {(one) => (
              <button type="button" aria-pressed={order() === one} onClick={() => setOrder(one)}>
                {orderLabels[one]}
              </button>
            )}
          </For>
        </div>
        <span class="spread muted">{formatCount(found().length, 'file')}</span>
      </div>
      <Show when={isMap()}>
        <FolderMap files={props.files} />
      </Show>
      <Show when={rows().length === 0}>
        <Show
          when={props.files.length > 0}
          fallback={<EmptyState small icon="disk" title="There is no file in it." />}
        >
          <NoMatch small what="file" onClear={() => setFind('')} />
        </Show>
      </Show>
      <div
        ref={scroller}
        class={styles.scroller}
        hidden={isMap() || rows().length === 0}
        tabindex="0"
        role="region"
        aria-label="Files of the checkout"
      >
        <ul style={{ height: `${virtual.getTotalSize()}px` }} class={styles.list}>
          <For each={virtual.getVirtualItems()}>
            {(item) => (
              <Show when={rows()[item.index]}>
                {(row) => (
                  <li
                    class={styles.file}
                    style={{
                      transform: `translateY(${item.start}px)`,
                      'padding-left': `${8 + row().depth * 18}px`,
                    }}
                  >
                    <Show
                      when={row().file}
                      fallback={
                        <button
                          type="button"
                          class={`truncate ${styles.folder}`}
                          aria-expanded={open().has(row().path)}
                          onClick={() => toggle(row().path)}
                        >
                          <Icon name={open().has(row().path) ? 'down' : 'right'} size={12} />
                          {row().name}
                          <span class="faint">{formatCount(row().files, 'file')}</span>
                        </button>
                      }
                    >
                      {(file) => (
                        <A
                          href={`/storage/blobs/${file().sha}/${file().size}`}
                          class="truncate"
                          title={file().path}
                        >
                          {row().name}
                        </A>
                      )}
                    </Show>
                    <span>{formatBytes(row().size)}</span>
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

function flatRow(file: TreeFile): TreeRow {
  return { path: file.path, name: file.path, depth: 0, size: file.size, files: 1, file }
}

function compare(order: Order): (a: TreeRow, b: TreeRow) => number {
  if (order === 'size') return (a, b) => b.size - a.size
  return (a, b) => a.path.localeCompare(b.path)
}
