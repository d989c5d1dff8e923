import { useNavigate } from '@solidjs/router'
import { createMemo, createSignal, For } from 'solid-js'
import { levelOf, type TreeFile } from '../farm/file-tree.ts'
import { layTiles } from '../farm/tiles.ts'
import styles from './folder-map.module.css'
import { TileMap } from './tile-map.tsx'

/** A manifest's folders and files as rectangles, one level at a time. */
export function FolderMap(props: { files: readonly TreeFile[] }) {
  const navigate = useNavigate()
  /** With a slash at its end; empty for the whole checkout. */
  const [folder, setFolder] = createSignal('')
  const level = createMemo(() => levelOf(props.files, folder()))
  const above = () => {
    const names = folder().split('/').slice(0, -1)
    return names.map((name, at) => ({ name, path: `${names.slice(0, at + 1).join('/')}/` }))
  }
  return (
    <>
      <nav class={styles.way} aria-label="Folder">
        <button type="button" class="button quiet" onClick={() => setFolder('')}>
          checkout
        </button>
        <For each={above()}>
          {(one) => (
            <>
              <span class="faint">/</span>
              <button type="button" class="button quiet" onClick={() => setFolder(one.path)}>
                {one.name}
              </button>
            </>
          )}
        </For>
      </nav>
      <TileMap
        label={`Sizes in ${folder() || 'the checkout'}`}
        tilesIn={(size) => layTiles(level(), size)}
        look={(tile) => ({ title: tile.key, share: tile.file ? 2 : 1 })}
        onOpen={(tile) => {
          if (tile.file) navigate(`/storage/blobs/${tile.file.sha}/${tile.file.size}`)
          else setFolder(tile.key)
        }}
      />
    </>
  )
}
