import cliProgress from 'cli-progress'
import { formatBytes, formatDuration, formatRate } from './format.ts'

/** One line of progress: a bar on a terminal, nothing elsewhere (a log is no place for a bar). */
export interface Progress {
  /** Done so far and the whole, in the unit given at creation; the whole may still grow. */
  update(done: number, total: number, note?: string): void
  stop(): void
}

const silent: Progress = { update() {}, stop() {} }

/** @param unit what is counted: bytes are shown with rate and time left */
export function createProgress(
  label: string,
  options: { unit: 'bytes' | 'items'; stream?: NodeJS.WriteStream; now?: () => number },
): Progress {
  const stream = options.stream ?? process.stderr
  const now = options.now ?? Date.now
  if (!stream.isTTY) return silent
  const started = now()
  const show =
    options.unit === 'bytes' ? formatBytes : (n: number): string => n.toLocaleString('en')
  const bar = new cliProgress.SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: true,
    fps: 10,
    format: `${label} {bar} {percentage}% {counts} {note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
  })
  let running = false
  return {
    update(done, total, note = '') {
      if (!running) bar.start(total, done, { counts: '', note: '' })
      running = true
      const elapsed = now() - started
      const rate = elapsed > 0 ? (done / elapsed) * 1000 : 0
      const left =
        rate > 0 && total > done ? ` ${formatDuration(((total - done) / rate) * 1000)} left` : ''
      const speed = options.unit === 'bytes' && rate > 0 ? ` ${formatRate(rate)}` : ''
      bar.setTotal(Math.max(total, 1))
      bar.update(done, { counts: `${show(done)} of ${show(total)}${speed}${left}`, note })
    },
    stop() {
      if (running) bar.stop()
      running = false
    },
  }
}
