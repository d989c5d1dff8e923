import { join } from 'node:path'
import { execa } from 'execa'
import type { Answer, Figure, QuestionContext } from './harness/question.ts'

export const question = 'Does the add-on keep Blender waiting?'

const test = join(import.meta.dirname, '../addon/test/responsive.long.test.ts')
const limitMs = 50
const whiles: Record<string, string> = {
  idle: 'nothing is sent',
  sending: 'a project is traced and sent',
  silent: 'the farm does not answer',
  unreachable: 'the farm is gone',
}

/** What the test told of one of its scenes. */
interface Scene {
  name: string
  /** The longest of each way by which Blender calls the add-on, in ms. */
  own: Record<string, number>
  calls: number
  /** How long Blender's window was deaf, its own drawing and other processes included. */
  gap: number
}

/**
 * Blender's own window on a screen in memory, as the add-on's test opens it; every call into the add-on is timed, without
 * what the machine gave to others meanwhile. Quick runs send a smaller project, to a farm that answers.
 */
export async function run({ quick, workDir, log }: QuestionContext): Promise<Answer> {
  const args = ['--no-node-snapshot', '--test', '--test-reporter=tap', test]
  const { stdout } = await execa(process.execPath, args, {
    env: { TMPDIR: workDir, ...(quick ? { RESPONSIVE_QUICK: '1' } : {}) },
    reject: false,
    timeout: 15 * 60_000,
  })
  const scenes = scenesIn(stdout)
  if (scenes.length === 0) throw new Error(`Blender's window told nothing:\n${stdout}`)
  for (const { name, calls } of scenes) log(`${name}: ${calls} calls`)
  return { tables: [tableOf(scenes)], figures: scenes.map(figureOf) }
}

function scenesIn(report: string): Scene[] {
  return [...report.matchAll(/^ *# (\w+): (\{.*\})$/gm)].map(([, name, told]) => ({
    name: name!,
    ...(JSON.parse(told!) as Omit<Scene, 'name'>),
  }))
}

function tableOf(scenes: readonly Scene[]): Answer['tables'][number] {
  return {
    title: "The longest calls into the add-on, on Blender's main thread",
    columns: ['while', 'call', 'ms'],
    rows: scenes.flatMap(({ name, own }) =>
      Object.entries(own)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 3)
        .map(([call, ms]) => [whiles[name] ?? name, call, ms]),
    ),
  }
}

function figureOf({ name, own, calls, gap }: Scene): Figure {
  const worst = Math.max(...Object.values(own))
  return {
    name: `the longest call while ${whiles[name] ?? name}`,
    value: worst,
    unit: 'ms',
    target: `< ${limitMs}`,
    met: worst < limitMs,
    baseline: `${calls} calls; the window was deaf for ${Math.round(gap)} ms at most, Blender's own drawing included`,
    cause:
      'Where the scene was changed, Blender saves a copy of it within the call: what the disk lets it wait for is not taken off.',
  }
}
