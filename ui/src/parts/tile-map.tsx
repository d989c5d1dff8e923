import { createMemo, createSignal, For, onCleanup, onMount } from 'solid-js'
import { formatBytes } from '../farm/format.ts'
import { isArrow, neighbour, type Place } from '../farm/tiles.ts'
import styles from './treemap.module.css'

export interface Tile extends Place {
  key: string
  label: string
  bytes: number
}

/** What a tile shows beside its size. */
export interface TileLook {
  title: string
  /** 0 to 3: from shared to exclusive. */
  share?: number
  /** Drawn as a place rather than a thing, and not opened. */
  kind?: string | undefined
  /** Hatched. */
  planned?: boolean
}

/** Sizes as rectangles, moved through by arrows and opened by Enter. */
export function TileMap<T extends Tile>(props: {
  label: string
  tilesIn: (size: { width: number; height: number }) => readonly T[]
  look: (tile: T) => TileLook
  onOpen: (tile: T) => void
}) {
  let host!: HTMLDivElement
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
  const tiles = createMemo(() => props.tilesIn(size()))
  /** The one that Tab reaches. */
  const reached = () => {
    const now = current()
    return tiles().some((tile) => tile.key === now) ? now : tiles()[0]?.key
  }
  const onKeyDown = (event: KeyboardEvent, tile: T): void => {
    const next = isArrow(event.key) ? neighbour(tiles(), tile, event.key) : undefined
    if (!next) return
    event.preventDefault()
    setCurrent(next.key)
    host.querySelector<HTMLElement>(`[data-key="${CSS.escape(next.key)}"]`)?.focus()
  }
  return (
    <div ref={host} class={styles.map} role="group" aria-label={props.label}>
      <For each={tiles()}>
        {(tile) => (
          <button
            type="button"
            class={styles.tile}
            data-key={tile.key}
            data-kind={props.look(tile).kind}
            data-share={props.look(tile).share}
            data-planned={props.look(tile).planned ? '' : undefined}
            tabindex={reached() === tile.key ? 0 : -1}
            title={`${props.look(tile).title}: ${formatBytes(tile.bytes)}`}
            style={{
              left: `${tile.x}px`,
              top: `${tile.y}px`,
              width: `${tile.width}px`,
              height: `${tile.height}px`,
            }}
            onFocus={() => setCurrent(tile.key)}
            onKeyDown={(event) => onKeyDown(event, tile)}
            onClick={() => props.onOpen(tile)}
          >
            <span class={tile.width >= 56 && tile.height >= 34 ? styles.label : 'sr-only'}>
              <span class="truncate">{tile.label}</span> <span>{formatBytes(tile.bytes)}</span>
              <span class="sr-only">{props.look(tile).planned ? ', in this plan' : ''}</span>
            </span>
          </button>
        )}
      </For>
    </div>
  )
}
