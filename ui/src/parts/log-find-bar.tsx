import { Show } from 'solid-js'
import type { LogFind } from '../farm/log-find.ts'
import { Icon } from './glyph.tsx'
import styles from './log-view.module.css'

/** The field that finds in a log, with how many lines match and the way from one to the next. */
export function LogFindBar(props: { find: LogFind; onStep: (by: number) => void }) {
  const { find } = props
  const count = () => {
    const total = `${find.matches().length}${find.isTruncated() ? '+' : ''}`
    if (find.matches().length === 0) return 'none'
    return find.at() < 0 ? total : `${find.at() + 1} of ${total}`
  }
  return (
    <>
      <input
        type="search"
        class={`input ${styles.find}`}
        placeholder="Find in log"
        aria-label="Find in log"
        data-find
        value={find.text()}
        onInput={(event) => find.setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') props.onStep(event.shiftKey ? -1 : 1)
        }}
      />
      <button
        type="button"
        class="button icon mono"
        aria-pressed={find.isPattern()}
        aria-label="Find by pattern"
        title="A regular expression, sought in what is loaded"
        onClick={() => find.setIsPattern(!find.isPattern())}
      >
        .*
      </button>
      <Show when={find.text() !== ''}>
        <span class="muted" role="status">
          {count()}
          {find.isPartial() ? ' in what is loaded' : ''}
        </span>
        <button
          type="button"
          class="button icon"
          aria-label="Previous match"
          title="N"
          onClick={() => props.onStep(-1)}
        >
          <Icon name="up" size={14} />
        </button>
        <button
          type="button"
          class="button icon"
          aria-label="Next match"
          title="n"
          onClick={() => props.onStep(1)}
        >
          <Icon name="down" size={14} />
        </button>
      </Show>
    </>
  )
}
