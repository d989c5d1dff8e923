import { createVirtualizer } from '@tanstack/solid-virtual'
import { createEffect, createMemo, createSignal, For, on, Show } from 'solid-js'
import { urlOf } from '../farm/api.ts'
import { formatBytes, formatCount } from '../farm/format.ts'
import { createTaskLog } from '../farm/log.ts'
import { isError } from '../farm/log-buffer.ts'
import { createLogFind } from '../farm/log-find.ts'
import { EmptyState } from './empty-state.tsx'
import { ErrorPanel } from './error-panel.tsx'
import { Icon } from './glyph.tsx'
import { Loading } from './loading.tsx'
import { LogFindBar } from './log-find-bar.tsx'
import { LogLineRow } from './log-line.tsx'
import { createLogScroll, lineHeight } from './log-scroll.ts'
import styles from './log-view.module.css'

const shownMarks = 200

/** A task's log: opens at its end, follows it, finds in it. */
export function LogView(props: {
  taskId: string
  title?: string
  tools?: boolean
  tall?: boolean
  /** Byte offset to show, e.g. where an attempt begins. */
  offset?: number | undefined
  /** Line to show, counted from 1. */
  lineNumber?: number | undefined
}) {
  const log = createTaskLog(() => props.taskId)
  const [wrap, setWrap] = createSignal(false)
  let scroller!: HTMLDivElement

  const lines = createMemo(() => {
    const all = log.buffer().lines
    return all.at(-1)?.text === '' ? all.slice(0, -1) : all
  })
  const find = createLogFind(() => props.taskId, log, lines)
  const virtual = createVirtualizer({
    get count() {
      return lines().length
    },
    getScrollElement: () => scroller,
    estimateSize: () => lineHeight,
    overscan: 30,
    getItemKey: (index) => lines()[index]?.offset ?? index,
  })
  const errors = createMemo(() => lines().flatMap((line, index) => (isError(line) ? index : [])))
  const scroll = createLogScroll({
    log,
    lines,
    scroller: () => scroller,
    scrollTo: (index, align) => virtual.scrollToIndex(index, { align }),
  })
  const { following, fresh, show } = scroll
  const marked = () => (find.at() < 0 ? scroll.target() : find.matches()[find.at()]?.offset)

  createEffect(on(wrap, () => virtual.measure(), { defer: true }))
  createEffect(
    on(
      () => props.offset,
      (offset) => offset !== undefined && void show({ offset }),
    ),
  )
  createEffect(
    on(
      () => props.lineNumber,
      async (number) => {
        if (number === undefined) return
        const offset = await log.offsetOfLine(number)
        if (offset !== undefined) void show({ offset, line: number })
        else if (!log.error()) log.reload()
      },
    ),
  )

  const step = (by: number): void => {
    const match = find.step(by)
    if (match) void show(match, 'center')
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'n') step(1)
    else if (event.key === 'N') step(-1)
    else return
    event.preventDefault()
  }

  return (
    <section class={`card ${styles.view}`} aria-label={props.title ?? 'Log'}>
      <header>
        <h2>{props.title ?? 'Log'}</h2>
        <Show when={props.tools}>
          <LogFindBar find={find} onStep={step} />
          <button
            type="button"
            class="button"
            disabled={errors().length === 0}
            onClick={() => void show(lines()[errors()[0]!]!, 'center')}
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
            href={urlOf(`/farm/tasks/${props.taskId}/log`)}
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
      <Show when={lines().length === 0 && !log.error()}>
        <Show when={!log.loading()} fallback={<Loading what="the log" />}>
          <EmptyState small icon="jobs" title="Nothing written yet" />
        </Show>
      </Show>
      <div class={styles.frame} hidden={lines().length === 0}>
        <div
          ref={scroller}
          class={styles.scroller}
          data-tall={props.tall ? '' : undefined}
          onScroll={scroll.onScroll}
          onKeyDown={onKeyDown}
          tabindex="0"
          role="log"
          aria-live="off"
          aria-label="Log text"
        >
          <Show when={log.buffer().start > 0}>
            <p class={styles.earlier}>
              {formatBytes(log.buffer().start)} before this{' '}
              <button type="button" class="button quiet" onClick={() => void scroll.toBeginning()}>
                To the beginning
              </button>
            </p>
          </Show>
          <div
            class={styles.lines}
            data-wrap={wrap() ? '' : undefined}
            style={{
              height: `${virtual.getTotalSize()}px`,
              '--digits': String((log.firstLine() ?? 0) + lines().length).length,
            }}
          >
            <For each={virtual.getVirtualItems()}>
              {(item) => {
                const line = () => lines()[item.index]
                const number = () => {
                  const first = log.firstLine()
                  return first === undefined ? undefined : first + item.index
                }
                return (
                  <LogLineRow
                    line={line()}
                    number={number()}
                    href={props.tools ? hrefOf(props.taskId, number(), line()?.offset) : undefined}
                    top={item.start}
                    index={item.index}
                    hit={line()?.offset === marked()}
                    measure={wrap() ? (element) => virtual.measureElement(element) : undefined}
                  />
                )
              }}
            </For>
          </div>
        </div>
        <div class={styles.marks} aria-hidden="true">
          <For each={errors().slice(0, shownMarks)}>
            {(index) => <i style={{ top: `${(100 * index) / lines().length}%` }} />}
          </For>
        </div>
        <Show when={!following()}>
          <button
            type="button"
            class={`button ${fresh() > 0 ? 'primary' : ''} ${styles.fresh}`}
            onClick={() => void scroll.follow()}
          >
            {fresh() > 0 ? formatCount(fresh(), 'new line') : 'To the end'}
            <Icon name="down" size={12} />
          </button>
        </Show>
      </div>
    </section>
  )
}

/** A line's address: its number where it is known, else its place in bytes. */
function hrefOf(task: string, number: number | undefined, offset: number | undefined): string {
  return `/logs/${task}#${number === undefined ? `B${offset ?? 0}` : `L${number}`}`
}
