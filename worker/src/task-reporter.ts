import type { FrameReport, TaskUpdate } from '@shaman-farm/manager-api'

/** Tells the manager about one task, in few and small pieces. */
export interface TaskReporter {
  log(line: string): void
  activity(text: string): void
  step(): void
  frameDone(frame: FrameReport): void
  /** Sends what has gathered, then this. */
  status(update: TaskUpdate): void
  flush(): void
}

export interface TaskReporterOptions {
  send: (update: TaskUpdate) => void
  now?: () => Date
  /** Lines gather this long at most; somebody may be watching. */
  maxDelayMs?: number
  maxChunkBytes?: number
  /** More log than this is dropped, except the last chunk: a task must not fill the manager's disk. */
  maxLogBytes?: number
}

export function createTaskReporter(options: TaskReporterOptions): TaskReporter {
  const { send, now = () => new Date(), maxDelayMs = 500, maxChunkBytes = 10_240 } = options
  const { maxLogBytes = 32 * 1024 * 1024 } = options
  let lines: string[] = []
  let lineBytes = 0
  let sentBytes = 0
  let droppedLines = 0
  let steps = 0
  let pending: TaskUpdate = {}
  let lastOutput: Date | undefined
  let timer: NodeJS.Timeout | undefined

  const isFull = (): boolean => sentBytes >= maxLogBytes
  const takeLog = (): string => {
    if (droppedLines > 0) lines.unshift(`... ${droppedLines} lines left out: the log is too long`)
    const log = `${lines.join('\n')}\n`
    sentBytes += lineBytes
    lines = []
    lineBytes = 0
    droppedLines = 0
    return log
  }
  const gather = ({ isLast }: { isLast: boolean }): TaskUpdate => {
    clearTimeout(timer)
    timer = undefined
    const update: TaskUpdate = { ...pending }
    if (lines.length > 0 && (isLast || !isFull())) update.log = takeLog()
    if (lastOutput) update.last_output_at = lastOutput.toISOString()
    lastOutput = undefined
    pending = {}
    return update
  }
  const flush = (): void => {
    const update = gather({ isLast: false })
    if (Object.keys(update).length > 0) send(update)
  }
  const soon = (): void => {
    timer ??= setTimeout(flush, maxDelayMs)
  }
  return {
    log(line) {
      const at = now()
      lastOutput = at
      lines.push(`${stamp(at)} ${line}`)
      lineBytes += Buffer.byteLength(line) + 25
      if (lineBytes < maxChunkBytes) {
        if (!isFull()) soon()
      } else if (!isFull()) flush()
      else {
        const half = lines.length >> 1
        droppedLines += half
        lines = lines.slice(half)
        lineBytes >>= 1
      }
    },
    activity(text) {
      pending.activity = text
      soon()
    },
    step() {
      steps += 1
      pending.steps_completed = steps
      soon()
    },
    frameDone(frame) {
      pending.frames = [...(pending.frames ?? []), frame]
      if (pending.frames.length >= 1000) flush()
      else soon()
    },
    status(update) {
      send({ ...gather({ isLast: true }), ...update })
    },
    flush,
  }
}

function stamp(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}
