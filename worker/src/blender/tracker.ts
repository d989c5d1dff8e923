import type { FrameDone } from '../commands/command.ts'
import type { RenderRequest } from './arguments.ts'
import { parseBlenderLine } from './output.ts'
import { isFileOfFrame } from './output-path.ts'
import { findProblem, type Problem } from './problems.ts'

const maxProblems = 100

export interface RenderEvents {
  step(): void
  frameDone(frame: FrameDone): void
  imageSaved(image: { file: string; frame?: number }): void
}

/** Follows one Blender run by its output: which frames are done and what went wrong. */
export interface RenderTracker {
  line(line: string): void
  /** Frames saved or found to be there already; frame numbers as far as they are known. */
  readonly done: ReadonlyMap<number, FrameDone>
  /** Every file Blender says it saved or skipped. */
  readonly files: ReadonlySet<string>
  /** Saved and skipped frames, also those whose number is not known. */
  readonly count: number
  readonly problems: readonly Problem[]
}

export function trackRender(request: RenderRequest, events: RenderEvents): RenderTracker {
  const done = new Map<number, FrameDone>()
  const files = new Set<string>()
  const problems: Problem[] = []
  let current: number | undefined
  let saved: string[] = []
  let count = 0

  const finishFrame = (
    status: FrameDone['status'],
    more: { file?: string; durationMs?: number; isOnlyFile?: boolean },
  ) => {
    const frame = (more.file === undefined ? undefined : frameOf(more.file, request)) ?? current
    count += 1
    events.step()
    if (frame === undefined) return
    const report: FrameDone = { frame, status, ...more }
    done.set(frame, report)
    events.frameDone(report)
  }

  return {
    done,
    files,
    problems,
    get count() {
      return count
    },
    line(line) {
      const said = parseBlenderLine(line)
      switch (said?.kind) {
        case 'frame':
        case 'appended':
          current = said.frame
          if (said.kind === 'appended') saved.push('')
          return
        case 'saved': {
          saved.push(said.file)
          files.add(said.file)
          const frame = frameOf(said.file, request) ?? current
          events.imageSaved({ file: said.file, ...(frame === undefined ? {} : { frame }) })
          return
        }
        case 'time': {
          // "Time:" also follows a frame that could not be written.
          const file = saved.find((name) => name !== '')
          if (saved.length === 0) return
          const isOnlyFile = saved.length === 1
          saved = []
          finishFrame('completed', {
            durationMs: said.ms,
            isOnlyFile,
            ...(file === undefined ? {} : { file }),
          })
          current = undefined
          return
        }
        case 'skipped':
          if (said.file !== undefined) files.add(said.file)
          current = undefined
          finishFrame('skipped', said.file === undefined ? {} : { file: said.file })
          return
        default: {
          const problem = problems.length < maxProblems ? findProblem(line) : undefined
          if (problem) problems.push(problem)
        }
      }
    },
  }
}

function frameOf(file: string, request: RenderRequest): number | undefined {
  const { output, frames } = request
  if (output !== undefined && frames) {
    return frames.find((frame) => isFileOfFrame(file, output, frame))
  }
  const digits = /(\d+)\D*$/.exec(file.split(/[\\/]/).at(-1) ?? '')
  return digits ? Number(digits[1]) : undefined
}
