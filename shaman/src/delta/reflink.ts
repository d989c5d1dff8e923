import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TempFile } from '../blobs/temp-file.ts'
import type { Shaman } from '../shaman.ts'
import { bytesOf, openContent, piecesOf } from './apply.ts'
import type { LiteralSource } from './literals.ts'
import type { OpenBases } from './open-bases.ts'
import { contentSize, type Recipe } from './recipe.ts'

/**
 * Whether a store's files can share their blocks (btrfs, XFS, APFS, ReFS). Node clones whole
 * files only; a part could be cloned at multiples of 4 KiB, which nothing that moves within a
 * .blend moves by. So a clone serves targets that keep most of a base in its place.
 */
export function canReflink(shaman: Shaman): Promise<boolean> {
  const known = probed.get(shaman) ?? probe(shaman.blobs.tempDir)
  probed.set(shaman, known)
  return known
}

const probed = new WeakMap<Shaman, Promise<boolean>>()

async function probe(dir: string): Promise<boolean> {
  const [from, to] = [join(dir, `${randomUUID()}.tmp`), join(dir, `${randomUUID()}.tmp`)]
  try {
    await writeFile(from, Buffer.alloc(4096, 1))
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  } finally {
    await Promise.all([rm(from, { force: true }), rm(to, { force: true })])
  }
}

/** Less of a base in its place is copied as quickly. */
const leastInPlace = 0.5

/** The base that most of a target can be cloned from, if any. */
export function baseToClone({ size, ops, bases, frames }: Recipe): number | undefined {
  if (frames.length > 0) return undefined
  const inPlace = bases.map(() => 0)
  let offset = 0
  for (const op of ops) {
    if (op.kind === 'copy' && op.offset === offset) inPlace[op.base]! += op.length
    offset += op.length
  }
  const best = inPlace.indexOf(Math.max(...inPlace))
  const base = bases[best]
  if (base === undefined || contentSize(base) !== base.digest.size) return undefined
  return inPlace[best]! >= leastInPlace * size ? best : undefined
}

/** Writes a target as a clone of a base with the rest over it. False when the base cannot be cloned after all. */
export async function writeOverClone(
  recipe: Recipe,
  { bases, literals, clone }: { bases: OpenBases; literals: LiteralSource; clone: number },
  temp: TempFile,
): Promise<boolean> {
  const path = `${temp.path}.clone`
  try {
    await copyFile(
      bases.paths[clone]!,
      path,
      constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL,
    )
  } catch {
    await rm(path, { force: true })
    return false
  }
  try {
    // A blob is read-only, and so is its clone.
    await chmod(path, 0o644)
    await patch(path, recipe, { bases, literals, clone })
    await chmod(path, 0o444)
    await rename(path, temp.path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  // Only what the file holds counts, not what should be in it.
  temp.wroteElsewhere()
  return true
}

async function patch(
  path: string,
  recipe: Recipe,
  { bases, literals, clone }: { bases: OpenBases; literals: LiteralSource; clone: number },
): Promise<void> {
  const content = openContent(recipe, literals)
  const file = await open(path, 'r+')
  try {
    await file.truncate(recipe.size)
    let at = 0
    for await (const part of content.parts(recipe.size)) {
      if ('base' in part && part.base === clone && part.offset === at) {
        at += part.length
        continue
      }
      for await (const piece of bytesOf(piecesOf(part, bases.contents))) {
        await writeAll(file, piece, at)
        at += piece.length
      }
    }
    await content.end()
  } finally {
    await file.close()
  }
}

async function writeAll(
  file: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
}
