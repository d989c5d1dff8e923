import { toJsonLines, toTable, toTree } from '../report.ts'
import type { TraceOptions } from '../trace/model.ts'
import { tracePack } from '../trace/trace.ts'

/** How files are to be listed. Plain data: it goes to other threads. */
export interface ListOptions {
  readonly as: 'table' | 'tree' | 'json'
  readonly trace: Pick<TraceOptions, 'project' | 'all' | 'mappings' | 'listed'>
}

/** What is to be printed for one .blend. */
export interface Listing {
  readonly text: string
  /** Files are missing or can't be read. */
  readonly isLacking: boolean
}

const printers = { table: toTable, tree: toTree, json: toJsonLines }

export async function listFile(blend: string, options: ListOptions): Promise<Listing> {
  const trace = await tracePack({ ...options.trace, blend })
  const isLacking = trace.files.some(({ status }) => absent.has(status))
  return { text: printers[options.as](trace), isLacking }
}

/** Statuses of files that a pack will lack. */
export const absent: ReadonlySet<string> = new Set(['missing', 'gap', 'unreadable'])
