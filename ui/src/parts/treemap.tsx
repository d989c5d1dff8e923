import { useNavigate } from '@solidjs/router'
import { type MapParts, type MapTile, mapStorage } from '../farm/storage-map.ts'
import { checkoutHref } from '../farm/store.ts'
import { TileMap } from './tile-map.tsx'

/** The disk as rectangles; those of the plan are hatched. */
export function Treemap(
  props: MapParts & {
    planned: ReadonlySet<string>
    /** The plan takes unreferenced blobs. */
    collects: boolean
  },
) {
  const navigate = useNavigate()
  const isPlanned = (tile: MapTile): boolean =>
    tile.checkout === undefined
      ? tile.key === '~unreferenced' && props.collects
      : props.planned.has(tile.checkout)
  return (
    <TileMap
      label="What lies on the disk"
      tilesIn={(size) => mapStorage(props, size)}
      look={(tile) => ({
        title: tile.checkout ?? tile.label,
        share: Math.min(3, Math.floor(tile.exclusive * 4)),
        kind: tile.checkout === undefined ? tile.key.slice(1) : undefined,
        planned: isPlanned(tile),
      })}
      onOpen={(tile) => tile.checkout && navigate(checkoutHref(tile.checkout))}
    />
  )
}
