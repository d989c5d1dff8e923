import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import type { BlenderPathCheckResult, BlenderPathSource } from '@shaman-farm/manager-api'

const probeTimeoutMs = 10_000

/** What Blender there is on this machine; an empty list when none is found. */
export async function findBlender(): Promise<BlenderPathCheckResult[]> {
  const places = await Promise.all([checkKnownPlaces(), checkOnPath('blender')])
  return places.filter((result) => result.is_usable)
}

/** A path to Blender, to the folder it is in, or a command on the PATH. */
export async function checkBlender(input: string): Promise<BlenderPathCheckResult> {
  const text = input.trim().replace(/^"(.*)"$/, '$1')
  if (text === '') {
    const [found] = await findBlender()
    return found ?? unusable(input, '', 'default', 'Blender was not found on this machine.')
  }
  if (!text.includes('/') && !text.includes('\\')) return checkOnPath(text)
  const facts = await stat(text).catch(() => undefined)
  if (!facts) return unusable(input, text, 'input_path', 'There is no such file.')
  return probe(input, facts.isDirectory() ? join(text, executableName()) : text, 'input_path')
}

async function checkKnownPlaces(): Promise<BlenderPathCheckResult> {
  const path = '/Applications/Blender.app/Contents/MacOS/Blender'
  if (process.platform !== 'darwin') {
    return unusable('', '', 'file_association', 'Nothing to look at on this platform.')
  }
  return probe('', path, 'system_location')
}

async function checkOnPath(command: string): Promise<BlenderPathCheckResult> {
  const names = process.platform === 'win32' ? [command, `${command}.exe`] : [command]
  for (const dir of (process.env.PATH ?? '').split(delimiter).filter(isAbsolute)) {
    for (const name of names) {
      const path = join(dir, name)
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (isThere) return probe(command, path, 'path_envvar')
    }
  }
  return unusable(command, '', 'path_envvar', `The command ${command} is not on the PATH.`)
}

function probe(
  input: string,
  path: string,
  source: BlenderPathSource,
): Promise<BlenderPathCheckResult> {
  // Whoever reaches the port may ask, so that no other program may be started by asking.
  if (!/^blender[-\w.]*$/i.test(basename(path))) {
    return Promise.resolve(
      unusable(input, path, source, 'Only a program whose name begins with blender is tried.'),
    )
  }
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: probeTimeoutMs }, (error, stdout) => {
      const version = stdout.split('\n').find((line) => line.startsWith('Blender '))
      if (version) resolve({ input, path, source, is_usable: true, cause: version.trim() })
      else resolve(unusable(input, path, source, error?.message ?? 'That program is not Blender.'))
    })
  })
}

function unusable(
  input: string,
  path: string,
  source: BlenderPathSource,
  cause: string,
): BlenderPathCheckResult {
  return { input, path, source, is_usable: false, cause }
}

function executableName(): string {
  return process.platform === 'win32' ? 'blender.exe' : 'blender'
}
