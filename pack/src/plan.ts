import { statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { userCacheDir } from '@shaman-farm/terminal/cache-dir'
import picomatch from 'picomatch'
import { pruneRewritten, rewriteForPack } from './rewrite/rewrite.ts'
import type { Trace } from './trace/model.ts'
import { fsPath } from './trace/stored-path.ts'

/** One file of a pack: where it goes, and where its bytes come from. */
export interface PlannedFile {
  /** POSIX, relative, inside the checkout. */
  readonly packPath: string
  readonly source: { readonly file: string } | { readonly rewritten: string }
  readonly size: number
}

/** What a pack consists of. */
export interface PackPlan {
  /** Of the main .blend. */
  readonly blendPath: string
  readonly files: readonly PlannedFile[]
}

export interface PlanOptions {
  /** Where rewritten copies are kept for the next time; a cache that may be deleted. */
  readonly rewriteDir?: string
  /** Patterns of files to leave out, matched against their path in the pack: `*.mp4`, `ref/**`. */
  readonly exclude?: readonly string[]
}

/**
 * Decides which files a pack holds, the main .blend and its libraries among them. Every file goes as it is, except
 * .blend files with paths that would lead nowhere in the pack: of these a copy with paths that fit is made.
 */
export async function planPack(trace: Trace, options: PlanOptions = {}): Promise<PackPlan> {
  const files = new Map<string, PlannedFile>()
  const [main] = trace.blends
  if (!main) return { blendPath: '', files: [] }
  const size = statSync(fsPath(main.file)).size
  files.set(main.packPath, { packPath: main.packPath, source: { file: main.file }, size })
  const isExcluded = matcher(options.exclude ?? [])
  for (const file of trace.files) {
    if (file.status === 'missing' || file.status === 'gap' || file.status === 'unreadable') continue
    if (files.has(file.packPath) || isExcluded(file.packPath)) continue
    const { packPath, path, size } = file
    files.set(packPath, { packPath, source: { file: path }, size })
  }
  await rewriteWhereNeeded(trace, files, options.rewriteDir ?? join(userCacheDir(), 'rewritten'))
  return { blendPath: main.packPath, files: [...files.values()] }
}

/** A pattern without a slash means a name in any directory. */
function matcher(patterns: readonly string[]): (packPath: string) => boolean {
  const matchers = patterns.map((pattern) =>
    picomatch(pattern, { dot: true, basename: !pattern.includes('/') }),
  )
  return (packPath) => matchers.some((matches) => matches(packPath))
}

async function rewriteWhereNeeded(
  trace: Trace,
  files: Map<string, PlannedFile>,
  dir: string,
): Promise<void> {
  const packDirs = directoriesOf(files.keys())
  for (const blend of trace.blends) {
    if (!files.has(blend.packPath) || blend.error || blend.isPacked) continue
    const copy = await rewriteForPack(blend, trace, packDirs, dir)
    if (!copy) continue
    const { packPath } = blend
    files.set(packPath, { packPath, source: { rewritten: copy.file }, size: copy.size })
  }
  pruneRewritten(dir)
}

function directoriesOf(paths: Iterable<string>): Set<string> {
  const dirs = new Set<string>()
  for (const path of paths) {
    for (let dir = posix.dirname(path); dir !== '.' && !dirs.has(dir); dir = posix.dirname(dir)) {
      dirs.add(dir)
    }
  }
  return dirs
}
