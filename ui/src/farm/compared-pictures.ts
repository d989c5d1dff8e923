import { type Accessor, createEffect, createSignal, on } from 'solid-js'
import { actOnEach } from './acts.ts'
import { call } from './api.ts'
import { createEarlierJobs } from './earlier-jobs.ts'
import type { Frames } from './frames-buffer.ts'
import type { JobFrames, JobRow } from './wire.ts'

export interface Picture {
  url: string
  label: string
  name: string
  frame?: number | undefined
  /** What the same frame of the same job looked like before. */
  isEarlier?: boolean
}

const jobsAtMost = 5

/**
 * Other pictures of a frame: the one it had before it was rendered again, and those of earlier jobs of the same shot.
 * Nothing is asked for before somebody looks.
 */
export function createComparedPictures(
  job: Accessor<{ id: string; name: string }>,
  frames: Accessor<Frames | undefined>,
  isLookedAt: Accessor<boolean>,
): (frame: number) => Picture[] {
  const earlier = createEarlierJobs(() => (isLookedAt() ? job() : undefined))
  const [known, setKnown] = createSignal<readonly { job: JobRow; frames: JobFrames }[]>([])
  createEffect(
    on(earlier, async (list) => {
      const jobs = list.slice(0, jobsAtMost)
      const found: { job: JobRow; frames: JobFrames }[] = []
      await actOnEach(
        jobs.map((one) => one.id),
        async (id) => {
          const frames = await call<JobFrames>(`/farm/jobs/${id}/frames`)
          found.push({ job: jobs.find((one) => one.id === id)!, frames })
        },
      )
      setKnown(found)
    }),
  )
  return (frame) => {
    const before = frames()?.thumbnails.get(frame)?.previous
    const own = before
      ? [
          {
            url: before,
            frame,
            label: `${frame} before`,
            name: `Frame ${frame} before`,
            isEarlier: true,
          },
        ]
      : []
    const others = known().flatMap(({ job, frames }) => {
      const url = frames.thumbnails.find((one) => one.frame === frame)?.url
      const name = `${job.name}, frame ${frame}`
      return url ? [{ url, frame, label: `${job.name} · ${frame}`, name }] : []
    })
    return [...own, ...others]
  }
}
