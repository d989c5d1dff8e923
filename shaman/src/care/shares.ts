import { readFile } from 'node:fs/promises'
import type { CheckoutCatalog } from '../checkouts/catalog.ts'
import { digestBytes, readSize } from '../digest.ts'
import { nextTurn } from '../disk.ts'
import { isCode } from '../errors.ts'
import type { Layout } from '../layout.ts'
import { decodeRecords } from '../manifest.ts'
import type { ReferenceTable } from '../references.ts'

/** What each checkout stands for on the disk: every blob's bytes divided among the checkouts that hold it. */
export interface Shares {
  /** When they were counted, in ms since 1970. */
  at: number
  /** Bytes by path; together they are the referenced bytes. */
  bytes: Map<string, number>
}

const sliceLength = 2048
const leastRestMs = 5000
const restFactor = 20

/**
 * Counts shares when asked. A blob more or less changes the shares of all its holders, so they are not kept up but counted from the
 * manifests, a second per some million references, beside requests: by one at a time, and then not again for 20 times as long.
 */
export function createShares(parts: {
  layout: Layout
  catalog: CheckoutCatalog
  references: ReferenceTable
  now: () => number
}): () => Promise<Shares> {
  const { layout, catalog, references, now } = parts
  let counting: Promise<Shares> | undefined
  let restUntil = 0

  return () => {
    if (!counting || now() >= restUntil) {
      restUntil = Number.POSITIVE_INFINITY
      counting = count()
    }
    return counting
  }

  async function count(): Promise<Shares> {
    const began = now()
    const bytes = new Map<string, number>()
    try {
      for (const { seq, path } of catalog.list()) {
        const records = await readRecords(layout.manifest(seq))
        if (records) bytes.set(path, Math.round(await shareOf(records)))
      }
    } finally {
      restUntil = now() + Math.max(leastRestMs, restFactor * (now() - began))
    }
    return { at: began, bytes }
  }

  async function shareOf(records: Buffer): Promise<number> {
    // A checkout that names a blob under several paths holds it once. 48 bits of its digest tell it from the checkout's others.
    const seen = new Set<number>()
    let share = 0
    for (let at = 0; at < records.length; at += digestBytes) {
      if (at % (sliceLength * digestBytes) === 0) await nextTurn()
      const fingerprint = records.readUIntBE(at, 6)
      if (seen.has(fingerprint)) continue
      seen.add(fingerprint)
      share += readSize(records, at) / Math.max(1, references.countAt(records, at))
    }
    return share
  }
}

/** Undefined for a checkout that has gone meanwhile. */
async function readRecords(file: string): Promise<Buffer | undefined> {
  try {
    return decodeRecords(await readFile(file)).records
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
