import { readlinkSync } from 'node:fs'
import { opendir } from 'node:fs/promises'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import type { Digest } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import { digestFromBlobPath, type Layout, stagingPrefix } from '../layout.ts'
import { createReferenceTable, type ReferenceTable } from '../references.ts'

/** What checkouts that have no manifest of ours link to: made by Flamenco, or by hand. */
export interface ForeignReferences {
  table: ReferenceTable
  links: number
}

const foreignSeq = 1
const sliceLength = 128

/**
 * Walks `jobs/` for links to blobs outside our own checkouts. A link is recognised by how its target ends, so neither an
 * absolute target nor a storage root that is itself a link can hide it. Throws `GC_REFUSED` when a folder cannot be read.
 */
export async function findForeignReferences(
  layout: Layout,
  catalog: CheckoutCatalog,
): Promise<ForeignReferences> {
  const table = createReferenceTable()
  let links = 0
  await walk(layout.jobs, '')
  return { table, links }

  async function walk(dir: string, path: string): Promise<void> {
    const found: Digest[] = []
    const folders: string[] = []
    try {
      for await (const entry of await opendir(dir)) {
        if (entry.isDirectory()) folders.push(entry.name)
        if (!entry.isSymbolicLink()) continue
        const digest = digestFromBlobPath(readlinkSync(`${dir}/${entry.name}`))
        if (digest) found.push(digest)
        links += 1
        if (links % sliceLength === 0) await nextTurn()
      }
    } catch (cause) {
      if (isCode(cause, 'ENOENT') && path !== '') return
      throw new ShamanError('GC_REFUSED', `the folder ${dir} cannot be read`, {
        hint: 'Without seeing every checkout, nothing is collected.',
        cause,
      })
    }
    table.add(foreignSeq, found)
    for (const name of folders) {
      const inner = path === '' ? name : `${path}/${name}`
      if (name.startsWith(stagingPrefix) || catalog.get(inner)) continue
      await walk(`${dir}/${name}`, inner)
    }
  }
}
