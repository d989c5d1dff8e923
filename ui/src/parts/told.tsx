import { type Accessor, type JSX, Show } from 'solid-js'
import type { Read } from '../farm/read.ts'
import { ErrorPanel } from './error-panel.tsx'
import { Loading } from './loading.tsx'

/** An answer, that it is on its way, or why it did not come; what was told before an error stays below it. */
export function Told<T>(props: {
  read: Pick<Read<T>, 'data' | 'error' | 'reload'>
  /** What is read, for a sentence: "the jobs". */
  what: string
  /** Where to go on, on a page whose own thing this is. */
  above?: { href: string; label: string }
  children: (data: Accessor<NonNullable<T>>) => JSX.Element
}) {
  return (
    <>
      <Show when={props.read.error()}>
        {(error) => (
          <ErrorPanel
            error={error()}
            onRetry={props.read.reload}
            what={props.what}
            above={props.above}
          />
        )}
      </Show>
      <Show
        when={props.read.data()}
        fallback={
          <Show when={!props.read.error()}>
            <Loading what={props.what} />
          </Show>
        }
      >
        {(data) => props.children(data)}
      </Show>
    </>
  )
}
