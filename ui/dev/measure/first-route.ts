import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { buildIfOutdated } from '../../test/browser/dashboard.ts'

const dist = join(import.meta.dirname, '..', '..', 'dist')

interface Chunk {
  file: string
  imports?: string[]
}

/** The chunk of each page that a first visit may begin with; the list of jobs is in the entry. */
const pages = { overview: 'src/pages/overview.tsx', jobs: undefined, job: 'src/pages/job.tsx' }
export type FirstRoute = keyof typeof pages
export const firstRoutes = Object.keys(pages) as FirstRoute[]

/** Bytes of gzipped JavaScript that a first visit to a page loads before it is drawn. */
export async function firstRouteBytes(route: FirstRoute): Promise<number> {
  await buildIfOutdated()
  const text = await readFile(join(dist, '.vite', 'manifest.json'), 'utf8')
  const page = pages[route]
  let bytes = 0
  for (const file of closure(JSON.parse(text), ['index.html', ...(page ? [page] : [])])) {
    bytes += gzipSync(await readFile(join(dist, file))).length
  }
  return bytes
}

/** A chunk with all that it imports at once; what it loads later does not count. */
function closure(manifest: Record<string, Chunk>, names: readonly string[]): Set<string> {
  const files = new Set<string>()
  const visit = (name: string): void => {
    const chunk = manifest[name]
    if (!chunk) throw new Error(`no chunk ${name} in the build`)
    if (files.has(chunk.file)) return
    files.add(chunk.file)
    for (const inner of chunk.imports ?? []) visit(inner)
  }
  for (const name of names) visit(name)
  return files
}
