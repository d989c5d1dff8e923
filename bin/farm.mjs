#!/usr/bin/env node
// The farm command: makes sure of Node 24 and the packages, then hands over. Works from any folder.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureSetup } from '../scripts/setup.mjs'

const needsUi = ['up', 'manager'].includes(process.argv[2] ?? 'up')
const { node, env } = ensureSetup({ ui: needsUi })
const entry = join(dirname(fileURLToPath(import.meta.url)), 'src', 'main.ts')
// As in src/node-flags.ts. The artist's commands start in half the time with the snapshot.
const flagsOf = {
  pack: [],
  submit: [],
  worker: ['--max-semi-space-size=1', '--optimize-for-size', '--liftoff-only'],
}
const flags = flagsOf[process.argv[2]] ?? [
  '--no-node-snapshot',
  '--max-semi-space-size=8',
  '--heap-growing-percent=40',
]
const child = spawn(node, [...flags, entry, ...process.argv.slice(2)], { env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)))
