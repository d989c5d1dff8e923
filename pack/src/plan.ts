import { statSync } from 'node:fs'
import { fsPath } from './trace/stored-path.ts'
import type { Trace } from './trace/trace.ts'

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

/** Decides which files a pack holds; the main .blend and its libraries are among them. */
export async function planPack(trace: Trace): Promise<PackPlan> {
  const files = new Map<string, PlannedFile>()
  const [main] = trace.blends
  if (!main) return { blendPath: '', files: [] }
  const size = statSync(fsPath(main.file)).size
  files.set(main.packPath, { packPath: main.packPath, source: { file: main.file }, size })
  for (const file of trace.files) {
    if (file.status === 'missing' || file.status === 'gap' || file.status === 'unreadable') continue
    if (files.has(file.packPath)) continue
    const { packPath, path, size } = file
    files.set(packPath, { packPath, source: { file: path }, size })
  }
  return { blendPath: main.packPath, files: [...files.values()] }
}
