import type { AssignedTask } from '@shaman-farm/manager-api'
import type { Logger } from 'pino'
import { type CommandContext, CommandError, type FrameDone } from './commands/command.ts'
import { describeOwnLimits, limitsFor } from './commands/limits.ts'
import { findCommand } from './commands/main.ts'
import type { OfferedFrame, TaskStorage } from './mount-free/task-storage.ts'
import type { Presence } from './presence/presence.ts'
import type { Guard } from './process/guard.ts'
import type { ProcessLimits } from './process/run.ts'
import type { TaskReporter } from './task-reporter.ts'

export type TaskOutcome = 'completed' | 'failed' | 'canceled'

export interface RunTaskOptions {
  task: AssignedTask
  reporter: TaskReporter
  signal: AbortSignal
  guard: Guard
  limits: ProcessLimits
  env: Readonly<Record<string, string>>
  presence?: Presence | undefined
  log: Logger
  imageSaved: (image: { file: string; frame?: number }) => void
  /** Brings the task's files here, or finds that they are. */
  prepare: (tell: (line: string) => void) => Promise<TaskStorage>
}

/** Runs a task's commands one after the other. Never rejects: what goes wrong is the task's outcome. */
export async function runTask(options: RunTaskOptions): Promise<TaskOutcome> {
  const { task, reporter, signal, log } = options
  reporter.status({ taskStatus: 'active', activity: 'started' })
  let storage: TaskStorage | undefined
  try {
    storage = await options.prepare((line) => reporter.log(line))
    reportTaken(storage, options)
    const offers: OfferedFrame[] = []
    for (const command of storage.commands) await runCommand(command, { storage, offers }, options)
    await storage.delivered(offers)
    // Said at the very end only: a cancel that comes now must not find the task completed.
    if (signal.aborted) throw new CommandError('canceled', 'canceled')
    reporter.status({ taskStatus: 'completed', activity: 'completed' })
    return 'completed'
  } catch (error) {
    if (signal.aborted) {
      reporter.log(`task stopped: ${reasonOf(signal)}`)
      reporter.flush()
      return 'canceled'
    }
    if (!(error instanceof CommandError))
      log.error({ err: error, task: task.uuid }, 'command broke')
    reportFailure(reporter, error)
    return 'failed'
  } finally {
    storage?.release()
  }
}

function reportTaken({ taken, ...storage }: TaskStorage, options: RunTaskOptions): void {
  for (const { frame, file, from } of taken) {
    options.reporter.step()
    options.reporter.frameDone({
      ...frameReport({ frame, status: 'completed', file }, storage),
      reused: true,
      reused_from: from,
    })
    storage.produced(file, frame)
    options.imageSaved({ file, frame })
  }
}

interface Ground {
  storage: TaskStorage
  /** Filled as frames are made; told of only when all of the task went well. */
  offers: OfferedFrame[]
}

async function runCommand(
  command: AssignedTask['commands'][number],
  ground: Ground,
  options: RunTaskOptions,
): Promise<void> {
  if (options.signal.aborted) throw new CommandError('canceled', 'canceled')
  options.reporter.log(`command ${command.name}`)
  const limits = limitsFor(command, options.limits)
  const told = describeOwnLimits(limits, options.limits)
  if (told) options.reporter.log(told)
  await findCommand(command.name)(command.parameters, { ...contextFor(options, ground), limits })
  if (command.total_step_count === 0) options.reporter.step()
}

function contextFor(options: RunTaskOptions, { storage, offers }: Ground): CommandContext {
  const { reporter } = options
  return {
    signal: options.signal,
    guard: options.guard,
    limits: options.limits,
    env: options.env,
    presence: options.presence,
    platform: process.platform,
    now: () => new Date(),
    log: (line) => reporter.log(line),
    activity: (text) => reporter.activity(text),
    step: () => reporter.step(),
    frameDone(frame) {
      if (frame.status === 'skipped' && frame.file) storage.found(frame.file, frame.frame)
      const key = frame.isOnlyFile ? storage.keyOf(frame.frame) : undefined
      if (key && frame.file) offers.push({ file: frame.file, frame: frame.frame, key })
      reporter.frameDone(frameReport(frame, storage))
    },
    imageSaved(image) {
      storage.produced(image.file, image.frame)
      options.imageSaved(image)
    },
  }
}

function frameReport(
  { frame, status, durationMs, file }: FrameDone,
  storage: Pick<TaskStorage, 'toFarm'>,
) {
  return {
    frame,
    status,
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(file === undefined ? {} : { file: storage.toFarm(file) }),
  }
}

function reportFailure(reporter: TaskReporter, error: unknown): void {
  const known = error instanceof CommandError ? error : undefined
  const message = error instanceof Error ? error.message : String(error)
  reporter.log(`task failed: ${message}`)
  const excerpt = [message, ...(known?.excerpt ?? [])].join('\n').slice(0, 16_000)
  reporter.status({
    taskStatus: 'failed',
    activity: `Failed: ${message}`,
    failure: { reason: known?.reason ?? 'other', excerpt },
  })
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
}
