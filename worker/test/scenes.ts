import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

let scenes: string | undefined
after(() => (scenes === undefined ? undefined : rm(scenes, { recursive: true, force: true })))

/** The test scenes, made once a test file by a real Blender. */
export function sceneDir(): string {
  if (scenes !== undefined) return scenes
  scenes = mkdtempSync(join(tmpdir(), 'farm-scenes-'))
  const script = fileURLToPath(new URL('./fixtures/make-scene.py', import.meta.url))
  const options = ['-b', '--factory-startup', '--python-exit-code', '42']
  execFileSync('blender', [...options, '--python', script, '--', scenes], { stdio: 'ignore' })
  return scenes
}
