import { useLocation } from '@solidjs/router'
import { createEffect, on, onCleanup, onMount, Show } from 'solid-js'
import { LostPartError, reloadIfThere, reloadOnceThere } from '../farm/page-parts.ts'
import { toast } from '../farm/toasts.ts'
import { ErrorPanel } from './error-panel.tsx'

/** Stands where something threw, until somebody tries again or goes elsewhere. */
export function Broken(props: { error: unknown; reset: () => void }) {
  const location = useLocation()
  // Caught here it would be in no console, where whoever looks into it looks first.
  onMount(() => console.error(props.error))
  createEffect(
    on(
      () => location.pathname,
      () => props.reset(),
      { defer: true },
    ),
  )
  return (
    <Show
      when={props.error instanceof LostPartError}
      fallback={<ErrorPanel error={props.error} onRetry={props.reset} />}
    >
      <LostPart error={props.error} />
    </Show>
  )
}

function LostPart(props: { error: unknown }) {
  const left = new AbortController()
  onMount(() => void reloadOnceThere(left.signal))
  onCleanup(() => left.abort())
  const retry = async (): Promise<void> => {
    if (!(await reloadIfThere())) toast('The manager cannot be reached yet.')
  }
  return <ErrorPanel error={props.error} onRetry={() => void retry()} />
}
