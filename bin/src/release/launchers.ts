import { serverFlags, workerFlags } from '../node-flags.ts'
import type { Platform } from './platforms.ts'
import { type Entry, text } from './tree.ts'

const quiet = '--disable-warning=ExperimentalWarning'
// The artist's commands start in half the time without them.
const flags = serverFlags.join(' ')
const ofWorker = workerFlags.join(' ')
const entry = 'app/node_modules/@shaman-farm/bin/src/main.js'

const shell = `#!/bin/sh
# Follows symlinks, so that a link in ~/bin works too.
self=$0
while [ -L "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
here=$(cd "$(dirname "$self")" && pwd)
case "\${1-}" in
  pack | submit) flags= ;;
  worker) flags='${ofWorker}' ;;
  *) flags='${flags}' ;;
esac
exec "$here/runtime/bin/node" $flags ${quiet} "$here/${entry}" "$@"
`

const batch = [
  '@setlocal',
  `@set flags=${flags}`,
  '@if "%~1"=="pack" set flags=',
  '@if "%~1"=="submit" set flags=',
  `@if "%~1"=="worker" set flags=${ofWorker}`,
  `@"%~dp0runtime\\node.exe" %flags% ${quiet} "%~dp0${entry.replaceAll('/', '\\')}" %*`,
  '',
].join('\r\n')

// What service files start, with the runtime's own Node.
const module = "await import('./src/main.js')\n"

export interface LaunchersOptions {
  /** Whether a manager runs there: the isolates of its job types are not made for every system. */
  hasManager: boolean
}

/** What a person types, and what services start. */
export function launchers(platform: Platform, { hasManager }: LaunchersOptions): Entry[] {
  const isWindows = platform.os === 'win32'
  const farm = isWindows ? 'farm' : './farm'
  return [
    isWindows
      ? { path: 'farm.cmd', from: text(batch) }
      : { path: 'farm', from: text(shell), executable: true },
    { path: 'app/node_modules/@shaman-farm/bin/farm.mjs', from: text(module) },
    { path: 'README.txt', from: text(hasManager ? readme(farm) : readmeOfWorker(farm)) },
  ]
}

function readme(farm: string): string {
  return `Shaman Farm, a render farm for Blender

Nothing has to be installed but Blender and ffmpeg. Start a whole farm on this computer with

    ${farm}

and open http://localhost:8080. ${more}`
}

function readmeOfWorker(farm: string): string {
  return `Shaman Farm, a render farm for Blender

Nothing has to be installed but Blender and ffmpeg. Make this computer a worker of a farm with

    ${farm} worker --manager http://ADDRESS:8080

and send scenes to it with "${farm} submit". A manager does not run on this kind of computer: the isolates that run job
types are not made for it. ${more}`
}

const more = `What there is to read is in docs/.
Sources: see the archive named shaman-farm-VERSION-source.tar.gz beside this one.
`

/** Where the official Node goes; the pack tool of this platform uses it too. */
export function runtimePath(platform: Platform): string {
  return platform.os === 'win32' ? 'runtime/node.exe' : 'runtime/bin/node'
}
