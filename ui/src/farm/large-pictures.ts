import { type Accessor, createEffect } from 'solid-js'
import { createStore } from 'solid-js/store'
import { call } from './api.ts'
import type { JobLastRenderedImageInfo } from './wire.ts'

/** Addresses of the largest newest pictures of jobs, each asked for once; undefined until it is known. */
export function createLargePictures(
  jobIds: Accessor<readonly string[]>,
): (jobId: string) => string | undefined {
  const [known, setKnown] = createStore<Record<string, string>>({})
  const asked = new Set<string>()
  createEffect(() => {
    for (const id of jobIds()) {
      if (asked.has(id)) continue
      asked.add(id)
      void call<JobLastRenderedImageInfo>(`/jobs/${id}/last-rendered`)
        .then(({ base, suffixes }) => setKnown(id, `${base}/${suffixes[0]}`))
        // The small picture is shown instead.
        .catch(() => {})
    }
  })
  return (jobId) => known[jobId]
}
