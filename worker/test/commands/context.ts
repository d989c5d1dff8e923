import type { TestContext } from 'node:test'
import { pino } from 'pino'
import type { CommandContext, FrameDone } from '../../src/commands/command.ts'
import { startGuard } from '../../src/process/guard.ts'

export interface TestCommandContext extends CommandContext {
  lines: string[]
  frames: FrameDone[]
  images: { file: string; frame?: number }[]
  steps: number
}

/** A context that writes down what the command tells. */
export function testContext(
  t: TestContext,
  overrides: Partial<CommandContext> = {},
): TestCommandContext {
  const guard = startGuard({ log: pino({ level: 'silent' }), graceMs: 1_000 })
  t.after(() => guard.close())
  const context: TestCommandContext = {
    lines: [],
    frames: [],
    images: [],
    steps: 0,
    signal: new AbortController().signal,
    guard,
    limits: {},
    env: {},
    platform: process.platform,
    now: () => new Date(),
    log: (line) => context.lines.push(line),
    activity: () => {},
    step: () => {
      context.steps += 1
    },
    frameDone: (frame) => context.frames.push(frame),
    imageSaved: (image) => context.images.push(image),
    ...overrides,
  }
  return context
}
