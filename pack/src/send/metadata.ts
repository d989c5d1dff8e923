import { execFile } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { basename } from 'node:path'
import { promisify } from 'node:util'

/** Says who sends what from where, as far as this machine can tell; what is given wins. */
export async function buildMetadata(facts: {
  project: string
  blendPath: string
  scene: string
  blenderVersion: string | undefined
  given: Readonly<Record<string, string>>
}): Promise<Record<string, string>> {
  const revision = await gitRevision(facts.project)
  return {
    'user.name': userName(),
    host: hostname(),
    project: basename(facts.project),
    blend: basename(facts.blendPath),
    scene: facts.scene,
    ...(facts.blenderVersion ? { 'blender.version': facts.blenderVersion } : {}),
    ...(revision ? { 'git.revision': revision } : {}),
    ...facts.given,
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run as a user id that no account has.
    return 'unknown'
  }
}

async function gitRevision(folder: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], {
      cwd: folder,
      timeout: 3_000,
      windowsHide: true,
    })
    return /^[0-9a-f]{40,64}$/.exec(stdout.trim())?.[0]
  } catch {
    return undefined
  }
}
