import { CommandError } from '../commands/command.ts'
import { findDamage } from '../images/check.ts'
import type { RenderRequest } from './arguments.ts'
import { mainProblem, type Problem } from './problems.ts'
import type { RenderTracker } from './tracker.ts'

export interface VerdictOptions {
  request: RenderRequest
  tracker: RenderTracker
  /** The artist decided to render without the files that are missing. */
  ignoreMissing: boolean
  /** Damage found while rendering went on; checked here for files not in it. */
  checked?: ReadonlyMap<string, Promise<string | undefined>>
}

/**
 * Throws when a run did not give what was asked for. Blender's exit code of 0 proves nothing: it is also given
 * for a scene or format that does not exist, for missing libraries and for frames never rendered.
 */
export async function assertRendered(options: VerdictOptions): Promise<void> {
  const { request, tracker } = options
  const problem = findFatal(tracker, options.ignoreMissing)
  if (problem)
    throw new CommandError(problem.reason, capitalise(problem.message), excerptOf(tracker))
  assertAllFrames(request, tracker)
  await assertFilesWhole(options)
}

/** The problem that makes every frame of this run wrong, if there is one. */
export function findFatal(tracker: RenderTracker, ignoreMissing: boolean): Problem | undefined {
  return mainProblem(
    tracker.problems.filter(
      (problem) => problem.isFatal && !(ignoreMissing && problem.reason === 'missing-file'),
    ),
  )
}

/** Names the cause of a run that Blender itself called failed. */
export function explainFailure(error: CommandError, tracker: RenderTracker): CommandError {
  if (error.reason === 'canceled' || error.reason === 'timeout') return error
  const problem = mainProblem(tracker.problems)
  if (!problem) return error
  // Killed by the kernel or crashed: the output before it is a hint, not the cause.
  const reason = error.reason === 'other' ? problem.reason : error.reason
  return new CommandError(reason, `${error.message}: ${problem.message}`, excerptOf(tracker))
}

function assertAllFrames(request: RenderRequest, tracker: RenderTracker): void {
  const { frames } = request
  if (!frames) {
    if (tracker.count > 0) return
    throw new CommandError('output', 'Blender ended well but rendered nothing', excerptOf(tracker))
  }
  // Without frame numbers in the output there is only their count to go by.
  const missing =
    tracker.done.size === 0 && tracker.count >= frames.length
      ? []
      : frames.filter((frame) => !tracker.done.has(frame))
  if (missing.length === 0) return
  const found = frames.length - missing.length
  throw new CommandError(
    'output',
    `Blender ended well, but ${found} of ${frames.length} frames were rendered; missing: ${listed(missing)}`,
    excerptOf(tracker),
  )
}

async function assertFilesWhole({ tracker, checked }: VerdictOptions): Promise<void> {
  for (const file of tracker.files) {
    const damage = await (checked?.get(file) ?? findDamage(file))
    if (damage === undefined) continue
    throw new CommandError('output', `The frame "${file}" is not usable: ${damage}`)
  }
}

function excerptOf(tracker: RenderTracker): string[] {
  return tracker.problems.slice(0, 20).map((problem) => problem.line)
}

function listed(frames: readonly number[]): string {
  const shown = frames.slice(0, 20).join(', ')
  return frames.length > 20 ? `${shown} and ${frames.length - 20} more` : shown
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
