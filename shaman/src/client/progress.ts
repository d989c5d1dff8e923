/** How far an upload is. Totals count what has to be sent. */
export interface UploadProgress {
  phase: 'negotiate' | 'upload' | 'checkout'
  filesDone: number
  filesTotal: number
  bytesDone: number
  bytesTotal: number
  /** Bytes per second of late. */
  rate: number
  /** Milliseconds left at that rate; undefined while it is not known. */
  etaMs: number | undefined
}

/** Told as things happen; at most ten times a second within a phase. */
export type OnProgress = (progress: UploadProgress) => void

/** Sums progress up for a listener. */
export interface ProgressMeter {
  begin(phase: UploadProgress['phase'], filesTotal: number, bytesTotal: number): void
  /** More to send than was known. */
  addMissing(files: number, bytes: number): void
  bytes(count: number): void
  files(count: number): void
}

const tellEveryMs = 100
const rateWindowMs = 5000

/** Creates a meter. */
export function createMeter(
  onProgress: OnProgress | undefined,
  now: () => number = Date.now,
): ProgressMeter {
  let state = { phase: 'negotiate' as UploadProgress['phase'], ...zero() }
  let samples: { at: number; bytes: number }[] = []
  let toldAt = Number.NEGATIVE_INFINITY

  const tell = (force: boolean): void => {
    if (!onProgress) return
    const time = now()
    if (!force && time - toldAt < tellEveryMs) return
    toldAt = time
    samples.push({ at: time, bytes: state.bytesDone })
    samples = samples.filter((sample) => time - sample.at <= rateWindowMs)
    const rate = rateOf(samples)
    const left = state.bytesTotal - state.bytesDone
    onProgress({ ...state, rate, etaMs: rate > 0 ? (left / rate) * 1000 : undefined })
  }

  const begin: ProgressMeter['begin'] = (phase, filesTotal, bytesTotal) => {
    state = { phase, ...zero(), filesTotal, bytesTotal }
    samples = []
    tell(true)
  }

  return {
    begin,
    addMissing(files, bytes) {
      if (state.phase !== 'upload') begin('upload', files, bytes)
      else {
        state.filesTotal += files
        state.bytesTotal += bytes
      }
    },
    bytes(count) {
      state.bytesDone = Math.min(state.bytesTotal, state.bytesDone + count)
      tell(false)
    },
    files(count) {
      state.filesDone += count
      tell(state.filesDone >= state.filesTotal)
    },
  }
}

function zero(): { filesDone: number; filesTotal: number; bytesDone: number; bytesTotal: number } {
  return { filesDone: 0, filesTotal: 0, bytesDone: 0, bytesTotal: 0 }
}

function rateOf(samples: readonly { at: number; bytes: number }[]): number {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last || last.at === first.at) return 0
  return Math.max(0, ((last.bytes - first.bytes) / (last.at - first.at)) * 1000)
}
