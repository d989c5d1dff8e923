import type { FailureReport } from '@shaman-farm/manager-api'
import type { Presence } from '../presence/presence.ts'
import type { Guard } from '../process/guard.ts'
import type { ProcessLimits } from '../process/run.ts'

export type FailureReason = FailureReport['reason']

/** A command that did not do what it was asked; what the manager and the artist are told. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code = 'COMMAND_FAILED'
  readonly reason: FailureReason
  /** The lines of output that show it. */
  readonly excerpt: readonly string[]

  constructor(
    reason: FailureReason,
    message: string,
    excerpt: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.reason = reason
    this.excerpt = excerpt
  }
}

/** A frame that is there, because it was rendered or because it was there before. */
export interface FrameDone {
  frame: number
  status: 'completed' | 'skipped'
  durationMs?: number
  file?: string
  /** The render wrote nothing else for this frame: no other views, no file outputs. */
  isOnlyFile?: boolean
}

export type TimedLimit = 'timeLimitMs' | 'stallMs'

/** The limits of one command. */
export interface CommandLimits extends ProcessLimits {
  /** Those that the command brought along; the others are the worker's. */
  own?: ReadonlySet<TimedLimit>
}

/** What a command may use and whom it tells; all calls return at once. */
export interface CommandContext {
  signal: AbortSignal
  guard: Guard
  limits: CommandLimits
  /** Added to the environment of processes, e.g. the GPU they may use. */
  env: Readonly<Record<string, string>>
  /** Whether somebody uses the machine, where the worker yields to that. */
  presence?: Presence | undefined
  platform: NodeJS.Platform
  now: () => Date
  log(line: string): void
  activity(text: string): void
  step(): void
  frameDone(frame: FrameDone): void
  imageSaved(image: { file: string; frame?: number }): void
}

export type Parameters = Readonly<Record<string, unknown>>
export type RunCommand = (parameters: Parameters, context: CommandContext) => Promise<void>
