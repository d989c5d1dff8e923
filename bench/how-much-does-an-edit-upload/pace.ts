import { copyFile, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createDeltaSender } from '@shaman-farm/shaman/client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { execa } from 'execa'
import { copyDurably } from './copy.ts'
import { isInstalled } from './other-tools.ts'
import type { Scene } from './scenes.ts'

/** What passes over a scene's file take, in milliseconds: the quickest of several, in turns. */
export interface Pace {
  /** SHA-256 on one core. */
  shaMs: number
  /** Writing its bytes anew and syncing them: no store that keeps whole files can do without. */
  durableWriteMs: number
  hashAndChunkMs: number
  /** The same of a compressed file by what it holds. */
  hashAndUnpackMs?: number
  /** The same file under a name and header that no .blend has. */
  hashAndFastCdcMs: number
  /** Unpacking all that a compressed file holds, by zstd's own command on one thread. */
  unpackMs?: number
}

/** Measures a scene's base, in so many turns. */
export async function measurePace(workDir: string, scene: Scene, turns: number): Promise<Pace> {
  const delta = createDeltaSender({ dir: join(workDir, 'pace') })
  const frugal = createDeltaSender({ dir: join(workDir, 'pace'), prefer: 'bytes' })
  const [other, copy] = [join(workDir, 'other.bin'), join(workDir, 'copy.bin')]
  await copyFile(scene.base, other)
  const file = await open(other, 'r+')
  await file.write('unknown', 0)
  await file.close()
  const pace: Pace = {
    shaMs: Number.POSITIVE_INFINITY,
    durableWriteMs: Number.POSITIVE_INFINITY,
    hashAndChunkMs: Number.POSITIVE_INFINITY,
    hashAndFastCdcMs: Number.POSITIVE_INFINITY,
  }
  const canUnpack = scene.isCompressed && (await isInstalled('zstd'))
  const take = async (pass: keyof Pace, action: () => Promise<unknown>): Promise<void> => {
    const started = performance.now()
    await action()
    pace[pass] = Math.min(pace[pass] ?? Number.POSITIVE_INFINITY, performance.now() - started)
  }
  for (let turn = 0; turn < turns; turn++) {
    await take('shaMs', () => digestOfFile(scene.base))
    await take('durableWriteMs', () => copyDurably(scene.base, copy))
    await take('hashAndChunkMs', () => delta.hash(scene.base))
    await take('hashAndFastCdcMs', () => delta.hash(other))
    if (scene.isCompressed) await take('hashAndUnpackMs', () => frugal.hash(scene.base))
    if (canUnpack) await take('unpackMs', () => execa('zstd', ['-q', '-t', scene.base]))
  }
  await Promise.all([delta.close(), frugal.close()])
  await Promise.all([rm(other), rm(copy)])
  return pace
}
