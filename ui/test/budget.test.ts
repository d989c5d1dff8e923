import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { buildIfOutdated } from './browser/dashboard.ts'

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist')
const budget = 90_000

interface Chunk {
  file: string
  imports?: string[]
}

/** A chunk with all that it imports at once; what it loads later does not count. */
function closure(manifest: Record<string, Chunk>, names: readonly string[]): Set<string> {
  const files = new Set<string>()
  const visit = (name: string): void => {
    const chunk = manifest[name]
    assert.ok(chunk, `no chunk ${name} in the build`)
    if (files.has(chunk.file)) return
    files.add(chunk.file)
    for (const inner of chunk.imports ?? []) visit(inner)
  }
  for (const name of names) visit(name)
  return files
}

for (const [route, page] of [
  ['overview', 'src/pages/overview.tsx'],
  ['jobs', undefined],
  ['job', 'src/pages/job.tsx'],
] as const) {
  test(`the first visit to the ${route} page loads at most ${budget / 1000} kB of gzipped JavaScript`, async () => {
    await buildIfOutdated()
    const manifest = JSON.parse(
      await readFile(join(dist, '.vite', 'manifest.json'), 'utf8'),
    ) as Record<string, Chunk>
    const files = closure(manifest, ['index.html', ...(page ? [page] : [])])
    let bytes = 0
    for (const file of files) bytes += gzipSync(await readFile(join(dist, file))).length
    console.log(`${route}: ${bytes} bytes in ${files.size} files`)
    assert.ok(bytes <= budget, `${bytes} bytes gzipped`)
  })
}
