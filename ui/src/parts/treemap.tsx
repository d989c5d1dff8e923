import { useNavigate } from '@solidjs/router'
import { createMemo, createSignal, For, onCleanup, onMount } from 'solid-js'
import { formatBytes } from '../farm/format.ts'
import { type MapMode, type MapTile, mapStorage, neighbour } from '../farm/storage-map.ts'
import { type CheckoutInfo, checkoutHref, type StoreStats } from '../farm/store.ts'
import styles from './treemap.module.css'

/** The disk as rectangles; those of the plan are hatched. */
export function Treemap(props: {
  checkouts: readonly CheckoutInfo[]
  stats: StoreStats
  mode: MapMode
  planned: ReadonlySet<string>
  /** The plan takes unreferenced blobs. */
  collects: boolean
}) {
  let host!: HTMLDivElement
  const navigate = useNavigate()
  const [size, setSize] = createSignal({ width: 0, height: 0 })
  const [current, setCurrent] = createSignal<string>()
  onMount(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setSize({ width: Math.floor(width), height: Math.floor(height) })
    })
    observer.observe(host)
    onCleanup(() => observer.disconnect())
  })
  const tiles = createMemo(() => mapStorage(props.checkouts, props.stats, props.mode, size()))
  const isPlanned = (tile: MapTile): boolean =>
    tile.checkout === undefined
      ? tile.key === '~unreferenced' && props.collects
      : props.planned.has(tile.checkout)
  const onKeyDown = (event: KeyboardEvent, tile: MapTile): void => {
    const { key } = event
    if (key !== 'ArrowLeft' && key !== 'ArrowRight' && key !== 'ArrowUp' && key !== 'ArrowDown')
      return
    const next = neighbour(tiles(), tile, key)
    if (!next) return
    event.preventDefault()
    setCurrent(next.key)
    host.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`)?.focus()
  }
  return (
    <div ref={host} class={styles.map} role="group" aria-label="What lies on the disk">
      <For each={tiles()}>
        {(tile, index) => (
          <button
            type="button"
            class={styles.tile}
            data-key={tile.key}
            data-kind={tile.checkout === undefined ? tile.key.slice(1) : undefined}
            data-share={Math.min(3, Math.floor(tile.exclusive * 4))}
            data-planned={isPlanned(tile) ? '' : undefined}
            tabindex={(current() ?? tiles()[0]?.key) === tile.key || index() < 0 ? 0 : -1}
            title={`${tile.checkout ?? tile.label}: ${formatBytes(tile.bytes)}`}
            style={{
              left: `${tile.x}px`,
              top: `${tile.y}px`,
              width: `${tile.width}px`,
              height: `${tile.height}px`,
            }}
            onFocus={() => setCurrent(tile.key)}
            onKeyDown={(event) => onKeyDown(event, tile)}
            onClick={() => tile.checkout && navigate(checkoutHref(tile.checkout))}
          >
            <span class={tile.width >= 56 && tile.height >= 34 ? styles.label : 'sr-only'}>
              <span class="truncate">{tile.label}</span> <span>{formatBytes(tile.bytes)}</span>
              <span class="sr-only">{isPlanned(tile) ? ', in this plan' : ''}</span>
            </span>
          </button>
        )}
      </For>
    </div>
  )
}
