import { createSignal } from 'solid-js'
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

/**
 * What was rendered since the page opened, the newest first and one a job. A job's picture keeps its address while
 * its content changes, so each has a number of its own behind it.
 */
export function createNewestFrames() {
  const farm = useFarm()
  const [all, setAll] = createSignal<readonly NewestFrame[]>([])
  let round = 0
  farm.useTopic(() => 'last-rendered')
  farm.on('last-rendered', (event) => {
    round += 1
    const fresh = newestFrame(event, `${Date.now()}-${round}`)
    setAll((before) =>
      [fresh, ...before.filter((one) => one.jobId !== fresh.jobId)].slice(0, keptAtMost),
    )
  })
  return { all, of: (jobId: string) => all().find((one) => one.jobId === jobId) }
}

function newestFrame(event: LiveEvents['last-rendered'], round: string): NewestFrame {
  const { base, suffixes } = event.thumbnail
  return {
    jobId: event.job_id,
    large: `${base}/${suffixes[0]}?round=${round}`,
    small: `${base}/${suffixes.at(-1)}?round=${round}`,
    frame: event.frame,
    worker: event.worker?.name,
  }
}

/** `1054 · node-03`, as far as it is known. */
export function tellFrame(made: Partial<NewestFrame> | undefined): string {
  return [made?.frame, made?.worker].filter((part) => part !== undefined).join(' · ')
}
