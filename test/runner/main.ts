// Runs every suite and ends with the line `N passed, N failed, N skipped`.
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { blender, ensurePrograms, ffmpeg, type Program } from '@shaman-farm/bin/programs'
import { printProblem } from '@shaman-farm/terminal'
import { runFiles } from './files.ts'
import { createSummary } from './summary.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) {
  console.log(`npm test -- [FILE or FOLDER ...] [--only PATTERN] [--long]
  FILE or FOLDER   run these alone (default: everything)
  --only PATTERN   only tests whose name matches
  --long           also kill loops, fuzzing and soaks (*.long.test.ts)`)
  process.exit(0)
}

await bringPrograms()
const files = chosenFiles(positionals)
if (files.length === 0) {
  console.error(`No test file under ${positionals.join(', ')}`)
  process.exit(2)
}
const summary = createSummary({ root })
await runFiles(files, {
  cwd: root,
  atOnce: Math.max(1, Math.min(4, availableParallelism())),
  longestMs: (values.long ? 60 : 8) * 60_000,
  only: values.only,
  take: summary.take,
})
const counts = summary.end()
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)

// Tests of what cannot be installed here skip loudly by themselves; where CI=true they fail.
async function bringPrograms(): Promise<void> {
  const tool = (command: string, packages: string[], why: string): Program => ({
    command,
    packages,
    why,
    from: 'your package manager',
  })
  try {
    await ensurePrograms([
      blender,
      ffmpeg,
      tool('chromium', ['chromium'], 'shows the dashboard to the browser tests'),
      tool('Xvfb', ['xvfb', 'xauth'], "holds Blender's window in the add-on's tests"),
      tool('xdotool', ['xdotool', 'x11-utils'], "clicks in the add-on's tests"),
      tool('import', ['imagemagick'], "takes the add-on's screenshots"),
    ])
  } catch (error) {
    printProblem(error)
    if (process.env.CI) process.exit(1)
  }
}

function chosenFiles(chosen: readonly string[]): string[] {
  const places = chosen.length > 0 ? chosen : ['.']
  const patterns = places.flatMap((place) =>
    place.endsWith('.test.ts') ? [place] : [join(place, '**/*.test.ts')],
  )
  return globSync(patterns, { cwd: root, exclude: (name) => name.includes('node_modules') })
    .filter((file) => values.long || chosen.includes(file) || !file.endsWith('.long.test.ts'))
    .map((file) => join(root, file))
    .sort()
}
