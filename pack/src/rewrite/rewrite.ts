import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { openBlend } from '../blend/reader.ts'
import { PackError } from '../errors.ts'
import type { ResolvedReference, Trace, TracedBlend } from '../trace/model.ts'
import { fsPath } from '../trace/stored-path.ts'
import { traceAlone } from '../trace/trace.ts'
import { findEdits, type PathEdit } from './edits.ts'
import { makePatches } from './patches.ts'
import { writePatched } from './write.ts'

/** Part of every key: to be raised whenever the same edits would give other bytes. */
const writerVersion = 1
const keptDays = 30

/**
 * Makes the copy of a .blend that belongs in the pack, if its paths do not fit there: a file named after its input, so
 * that the next pack finds it done. Undefined if the .blend can go as it is.
 *
 * All paths of the file are treated, also those that this trace did not reach: another shot that needs more of the same
 * library then sends the same bytes.
 */
export async function rewriteForPack(
  blend: TracedBlend,
  trace: Trace,
  packDirs: ReadonlySet<string>,
  dir: string,
): Promise<{ file: string; size: number } | undefined> {
  if (findEdits(blend.packPath, blend.references, packDirs).length === 0) return undefined
  const all = await traceAlone(blend, trace)
  const edits = findEdits(blend.packPath, uniquePlaces([...blend.references, ...all]), packDirs)
  const target = join(dir, `${keyOf(blend, edits)}.blend`)
  const known = sizeIfThere(target)
  if (known !== undefined) {
    // Whole seconds, so that the modification time survives being set again and hashes stay cached.
    const mtime = Math.floor(statSync(target).mtimeMs / 1000)
    utimesSync(target, Date.now() / 1000, mtime)
    return { file: target, size: known }
  }
  await write(blend, trace, edits, target, dir)
  return { file: target, size: statSync(target).size }
}

async function write(
  blend: TracedBlend,
  trace: Trace,
  edits: readonly PathEdit[],
  target: string,
  dir: string,
): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const draft = join(dir, `draft-${randomUUID()}`)
  try {
    const file = await openBlend(blend.file)
    try {
      writePatched(file.stored, makePatches(file, edits), draft)
    } finally {
      file.close()
    }
    await verify(draft, blend, trace, edits)
    const seconds = Math.floor(Date.now() / 1000)
    utimesSync(draft, seconds, seconds)
    renameSync(draft, target)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Reads the copy back: every path that was to change must have, and nothing else. */
async function verify(
  draft: string,
  blend: TracedBlend,
  trace: Trace,
  edits: readonly PathEdit[],
): Promise<void> {
  const after = await traceAlone({ path: blend.path, file: draft }, trace)
  const found = new Set(after.map((reference) => identity(reference, reference.stored)))
  for (const edit of edits) {
    if (!found.has(identity(edit.reference, edit.stored))) {
      throw notRewritten(blend.path, edit)
    }
  }
}

/** A copy that does not say what it should is never sent. */
function notRewritten(blend: string, { reference, stored }: PathEdit): PackError {
  const { block, property } = reference
  const message = `${blend} could not be rewritten: ${block} (${property}) kept its path`
  return new PackError('REWRITE_FAILED', message, {
    detail: { blend, block, property, stored },
    hint: 'Make all paths relative in Blender (File, External Data), save, and try again.',
  })
}

function identity(reference: ResolvedReference, stored: string): string {
  return JSON.stringify([reference.block, reference.property, stored])
}

function uniquePlaces(references: readonly ResolvedReference[]): ResolvedReference[] {
  const places = new Map<string, ResolvedReference>()
  for (const reference of references) {
    const key = JSON.stringify([reference.place, reference.block, reference.stored])
    if (!places.has(key)) places.set(key, reference)
  }
  return [...places.values()]
}

function keyOf(blend: TracedBlend, edits: readonly PathEdit[]): string {
  const { size, mtimeNs, ino } = statSync(fsPath(blend.file), { bigint: true })
  const facts = edits.map(({ reference, stored }) => [reference.place, stored])
  const input = [writerVersion, blend.file, `${size}`, `${mtimeNs}`, `${ino}`, facts]
  return createHash('sha256').update(JSON.stringify(input)).digest('hex')
}

function sizeIfThere(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size
}

/** Removes copies that no pack has asked for in a month, and drafts of processes that died. */
export function pruneRewritten(dir: string, now = Date.now()): void {
  for (const name of namesIn(dir)) {
    const path = join(dir, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    const days = stat ? (now - Math.max(stat.atimeMs, stat.mtimeMs)) / 86_400_000 : 0
    if (days > (name.startsWith('draft-') ? 1 : keptDays)) rmSync(path, { force: true })
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
