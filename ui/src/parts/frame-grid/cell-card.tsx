import { Show } from 'solid-js'
import { type Frames, statusAt } from '../../farm/frames-buffer.ts'
import styles from './grid.module.css'
import { cellOrigin, type GridLayout } from './layout.ts'
import { sayCell } from './summary.ts'

/** What is known of the cell under the pointer or the focus. */
export function CellCard(props: { frames: Frames; index: number; layout: GridLayout }) {
  const origin = () => cellOrigin(props.layout, props.index)
  const thumb = () => props.frames.thumbnails.get(props.frames.number[props.index]!)?.url
  const toLeft = () => origin().x > props.layout.width * 0.6
  return (
    <div
      class={styles.tip}
      aria-hidden="true"
      data-status={statusAt(props.frames, props.index)}
      style={{
        top: `${origin().y + props.layout.side + 6}px`,
        ...(toLeft()
          ? { right: `calc(100% - ${origin().x + props.layout.side}px)` }
          : { left: `${origin().x}px` }),
      }}
    >
      <Show when={thumb()}>{(url) => <img src={url()} alt="" class={styles.thumb} />}</Show>
      <span>{sayCell(props.frames, props.index)}</span>
    </div>
  )
}
