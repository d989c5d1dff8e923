import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createMemo, createSignal, For, on, Show } from 'solid-js'
import { apiBase } from '../farm/api.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createTaskLog } from '../farm/log.ts'
import { type LogLine, levelOf, parseAnsi, stripAnsi } from '../farm/log-buffer.ts'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Icon } from './glyph.tsx'
import styles from './log-view.module.css'

const lineHeight = 18

/** A task's log: opens at its end, follows it, finds in it. */
export function LogView(props: {
  taskId: string
  title?: string
  tools?: boolean
  /** Byte offset to show, e.g. where an attempt begins. */
  offset?: number | undefined
}) {
  const log = createTaskLog(() => props.taskId)
  const [following, setFollowing] = createSignal(true)
  const [seen, setSeen] = createSignal(0)
  const [wrap, setWrap] = createSignal(false)
  const [find, setFind] = createSignal('')
  const [hit, setHit] = createSignal(-1)
  let scroller!: HTMLDivElement

  const lines = createMemo(() => {
    const all = log.buffer().lines
    return all.at(-1)?.text === '' ? all.slice(0, -1) : all
  })
  const virtual = createVirtualizer({
    get count() {
      return lines().length
    },
    getScrollElement: () => scroller,
    estimateSize: () => lineHeight,
    overscan: 30,
    getItemKey: (index) => lines()[index]?.offset ?? index,
  })
  const matches = createMemo(() => {
    const wanted = find().toLowerCase()
    if (wanted === '') return []
    return lines().flatMap((line, index) =>
      stripAnsi(line.text).toLowerCase().includes(wanted) ? [index] : [],
    )
  })
  const firstError = createMemo(() => lines().findIndex((line) => levelOf(line.text) === 'error'))
  const fresh = () => Math.max(0, lines().length - seen())

  createEffect(
    on(lines, (all) => {
      if (!following()) return
      setSeen(all.length)
      requestAnimationFrame(() => {
        scroller.scrollTop = scroller.scrollHeight
      })
    }),
  )
  createEffect(on(wrap, () => virtual.measure(), { defer: true }))

  const onScroll = (): void => {
    const bottom =
      scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < lineHeight * 1.5
    if (bottom) setSeen(lines().length)
    setFollowing(bottom)
    if (scroller.scrollTop < lineHeight * 4 && log.buffer().start > 0) void earlier()
  }
  let fetchingEarlier = false
  const earlier = async (): Promise<void> => {
    if (fetchingEarlier) return
    fetchingEarlier = true
    const before = lines().length
    await log.loadEarlier()
    const added = lines().length - before
    scroller.scrollTop += added * lineHeight
    setSeen((count) => count + added)
    fetchingEarlier = false
  }
  const goTo = (index: number): void => {
    setFollowing(false)
    virtual.scrollToIndex(index, { align: 'center' })
  }
  const step = (by: number): void => {
    const count = matches().length
    if (count === 0) return
    const next = (hit() + by + count) % count
    setHit(next)
    goTo(matches()[next]!)
  }
  createEffect(
    on(
      () => props.offset,
      async (offset) => {
        if (offset === undefined) return
        setFollowing(false)
        await log.jumpTo(offset)
        const index = lines().findIndex((line) => line.offset >= offset)
        if (index >= 0) virtual.scrollToIndex(index, { align: 'start' })
      },
    ),
  )
  const follow = (): void => {
    setFollowing(true)
    setSeen(lines().length)
    scroller.scrollTop = scroller.scrollHeight
  }

  return (
    <section class={`card ${styles.view}`} aria-label={props.title ?? 'Log'}>
      <header>
        <h2>{props.title ?? 'Log'}</h2>
        <Show when={props.tools}>
          <input
            type="search"
            class={`input ${styles.find}`}
            placeholder="Find in log"
            aria-label="Find in log"
            value={find()}
            onInput={(event) => {
              setFind(event.currentTarget.value)
              setHit(-1)
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter') step(event.shiftKey ? -1 : 1)
            }}
          />
          <Show when={find() !== ''}>
            <span class="muted">
              {matches().length === 0
                ? 'none'
                : hit() < 0
                  ? matches().length
                  : `${hit() + 1} of ${matches().length}`}
            </span>
            <button
              type="button"
              class="button icon"
              aria-label="Previous match"
              onClick={() => step(-1)}
            >
              <Icon name="up" size={14} />
            </button>
            <button
              type="button"
              class="button icon"
              aria-label="Next match"
              onClick={() => step(1)}
            >
              <Icon name="down" size={14} />
            </button>
          </Show>
          <button
            type="button"
            class="button"
            disabled={firstError() < 0}
            onClick={() => goTo(firstError())}
          >
            First error
          </button>
          <button
            type="button"
            class="button icon"
            aria-pressed={wrap()}
            aria-label="Wrap long lines"
            title="Wrap long lines"
            onClick={() => setWrap(!wrap())}
          >
            <Icon name="wrap" size={14} />
          </button>
        </Show>
        <span class="spread row-gap">
          <span class={styles.state} data-following={following() ? '' : undefined}>
            {following() ? '● following' : ''}
          </span>
          <a
            class="button icon quiet"
            href={`${apiBase}/farm/tasks/${props.taskId}/log`}
            download={`task-${props.taskId}.log`}
            aria-label="Download the log"
            title="Download the log"
          >
            <Icon name="download" size={14} />
          </a>
        </span>
      </header>
      <Show when={log.error()}>
        {(error) => <ErrorPanel error={error()} onRetry={log.reload} what="the log" />}
      </Show>
      <Show when={lines().length === 0 && !log.loading() && !log.error()}>
        <EmptyState small icon="jobs" title="Nothing written yet" />
      </Show>
      <div class={styles.frame} hidden={lines().length === 0}>
        <div
          ref={scroller}
          class={styles.scroller}
          onScroll={onScroll}
          tabindex="0"
          role="log"
          aria-live="off"
          aria-label="Log text"
        >
          <Show when={log.buffer().start > 0}>
            <p class={styles.earlier}>{formatBytes(log.buffer().start)} before this</p>
          </Show>
          <div
            class={styles.lines}
            data-wrap={wrap() ? '' : undefined}
            style={{ height: `${virtual.getTotalSize()}px` }}
          >
            <For each={virtual.getVirtualItems()}>
              {(item) => (
                <Line
                  line={lines()[item.index]}
                  number={log.buffer().start === 0 ? item.index + 1 : undefined}
                  top={item.start}
                  index={item.index}
                  hit={matches()[hit()] === item.index}
                  measure={wrap() ? (element) => virtual.measureElement(element) : undefined}
                />
              )}
            </For>
          </div>
        </div>
        <Show when={!following() && fresh() > 0}>
          <button type="button" class={`button primary ${styles.fresh}`} onClick={follow}>
            {formatCount(fresh(), 'new line')}
            <Icon name="down" size={12} />
          </button>
        </Show>
        <Show when={!following() && fresh() === 0}>
          <button type="button" class={`button ${styles.fresh}`} onClick={follow}>
            To the end
            <Icon name="down" size={12} />
          </button>
        </Show>
      </div>
    </section>
  )
}

function Line(props: {
  line: LogLine | undefined
  number: number | undefined
  top: number
  index: number
  hit: boolean
  measure: ((element: Element) => void) | undefined
}) {
  const text = () => props.line?.text ?? ''
  return (
    <div
      ref={(element) => queueMicrotask(() => props.measure?.(element))}
      class={styles.line}
      data-index={props.index}
      data-level={levelOf(text())}
      data-hit={props.hit ? '' : undefined}
      style={{ transform: `translateY(${props.top}px)` }}
    >
      <span class={styles.number}>{props.number ?? ''}</span>
      <span class={styles.text}>
        <For each={parseAnsi(text())}>
          {(span) => (
            <span data-ansi={span.color} style={span.bold ? { 'font-weight': 700 } : {}}>
              {span.text}
            </span>
          )}
        </For>
      </span>
    </div>
  )
}
