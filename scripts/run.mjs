// What `npm run NAME` does: set up, then hand over to the workspace's own code on Node 24.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureSetup, root } from './setup.mjs'

const commands = {
  demo: { entry: 'bin/src/demo/main.ts', ui: true },
  start: { entry: 'bin/src/main.ts', args: ['up'], ui: true },
  test: { entry: 'test/runner/main.ts', ui: true },
  'test:long': { entry: 'test/runner/main.ts', args: ['--long'], ui: true },
  chaos: { entry: 'test/chaos/main.ts', ui: false },
  bench: { entry: 'bench/harness/main.ts', ui: false },
  check: { entry: 'test/runner/check.ts', ui: false },
  release: { entry: 'bin/src/release/main.ts', ui: true },
  format: { entry: 'test/runner/check.ts', args: ['--write'], ui: false },
}

const [name, ...rest] = process.argv.slice(2)
const command = commands[name]
if (!command) {
  console.error(`Unknown command ${name ?? ''}. One of: ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
const { node, env } = ensureSetup({ ui: command.ui })
const child = spawn(
  node,
  [
    '--no-node-snapshot',
    '--disable-warning=ExperimentalWarning',
    join(root, command.entry),
    ...(command.args ?? []),
    ...rest,
  ],
  {
    env,
    stdio: 'inherit',
  },
)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)))
