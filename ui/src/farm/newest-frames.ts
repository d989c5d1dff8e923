import { createMemo, createSignal, onCleanup } from 'solid-js'
import { useFarm } from './farm.tsx'
import type { LiveEvents } from './wire.ts'

export interface NewestFrame {
  jobId: string
  /** The widest picture there is. */
  large: string
  small: string
  frame: number | undefined
  worker: string | undefined
}

// More are never on a page at once.
const keptAtMost = 500
/** A job that renders fast must not make its page fetch picture after picture. */
const shownEveryMs = 1000

/** What was rendered since the page opened, the newest first and one a job. */
export function createNewestFrames() {
  const farm = useFarm()
  const [all, setAll] = createSignal<readonly NewestFrame[]>([])
  const byJob = createMemo(() => new Map(all().map((one) => [one.jobId, one])))
  const waiting = new Map<string, NewestFrame>()
  let rest: ReturnType<typeof setTimeout> | undefined
  const show = (): void => {
    rest = undefined
    if (waiting.size === 0) return
    const fresh = [...waiting.values()].toReversed()
    setAll((before) =>
      [...fresh, ...before.filter((one) => !waiting.has(one.jobId))].slice(0, keptAtMost),
    )
    waiting.clear()
    rest = setTimeout(show, shownEveryMs)
  }
  farm.useTopic(() => 'last-rendered')
  farm.on('last-rendered', (event) => {
    waiting.delete(event.job_id)
    waiting.set(event.job_id, newestFrame(event))
    if (rest === undefined) show()
  })
  onCleanup(() => clearTimeout(rest))
  return { all, of: (jobId: string) => byJob().get(jobId) }
}

function newestFrame(event: LiveEvents['last-rendered']): NewestFrame {
  const { base, suffixes } = event.thumbnail
  return {
    jobId: event.job_id,
    // Its content changes at one address: the small picture's name stands for it.
    large: `${base}/${suffixes[0]}?of=${event.picture.split('/').at(-1)}`,
    small: event.picture,
    frame: event.frame,
    worker: event.worker?.name,
  }
}

/** `1054 · node-03`, as far as it is known. */
export function tellFrame(made: Partial<NewestFrame> | undefined): string {
  return [made?.frame, made?.worker].filter((part) => part !== undefined).join(' · ')
}
