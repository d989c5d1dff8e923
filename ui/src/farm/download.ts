import { asApiError, call } from './api.ts'
import { formatCount } from './format.ts'
import { formatFrames } from './frame-range.ts'
import { reportOf } from './report.ts'
import { toast } from './toasts.ts'
import type { JobOutputs } from './wire.ts'

// What the manager takes as one question.
const longestRange = 8000

/** Saves what some frames of a job have made as a tar; says so where nothing of them is known. */
export async function downloadFrames(jobId: string, frames: readonly number[]): Promise<void> {
  const range = formatFrames(frames).replaceAll(' ', '')
  if (range.length > longestRange) {
    toast('These are too many separate frames for one archive. Choose whole ranges.')
    return
  }
  try {
    const chosen = new Set(frames)
    const { files } = await call<JobOutputs>(`/farm/jobs/${jobId}/outputs`)
    const known = files.filter(({ frame }) => frame !== undefined && chosen.has(frame))
    if (known.length === 0) {
      toast('No worker has told of a file for these frames, so there is nothing to download.')
      return
    }
    save(`/api/v3/farm/jobs/${jobId}/outputs.tar?frames=${range}`)
    toast(`Downloading ${formatCount(known.length, 'file')}.`)
  } catch (cause) {
    toast(`Nothing was downloaded. ${asApiError(cause).message}`, { report: reportOf(cause) })
  }
}

function save(href: string): void {
  const link = document.createElement('a')
  link.href = href
  link.download = ''
  link.click()
}
