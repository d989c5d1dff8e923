// Format, lint and types of the whole tree; with --write, formats and mends what can be mended.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const write = process.argv.includes('--write')
const steps: [string, string[]][] = [
  ['@biomejs/biome/bin/biome', ['check', ...(write ? ['--write'] : []), '.']],
  ['typescript/bin/tsc', ['-p', 'tsconfig.json']],
  ['typescript/bin/tsc', ['-p', 'ui/tsconfig.json']],
]
let failed = 0
for (const [tool, args] of steps) {
  const result = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (result.status !== 0) failed += 1
}
process.exit(failed)
