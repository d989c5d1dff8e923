import { digestKey } from '../digest.ts'
import type { Shaman } from '../shaman.ts'
import type { PlannedGc } from './gc-plan.ts'

const header = 'kind,name,bytes,last_use'
// Read from the index in one turn: below a millisecond, so that requests are served between.
const pageLength = 128

/**
 * What a plan would remove, as lines of CSV: its checkouts with the bytes that only they hold, then every blob by its `<sha>-<size>`
 * in the order of the plan. Times are ISO 8601. A million blobs are as little memory as one.
 */
export async function* planCsv(
  { index, checkouts, references }: Pick<Shaman, 'index' | 'checkouts' | 'references'>,
  { plan, candidates }: PlannedGc,
): AsyncGenerator<string> {
  yield `${header}\n`
  for (const path of plan.erase) {
    const summary = checkouts.get(path)
    if (summary) {
      yield lineOf('checkout', path, references.exclusiveBytes(summary.seq), summary.created)
    }
  }
  for (let at = 0; at < candidates.length; at += pageLength) {
    const end = Math.min(at + pageLength, candidates.length)
    let page = ''
    for (let i = at; i < end; i += 1) {
      const digest = candidates.at(i)
      const lastUse = index.getBlob(digest)?.lastUse ?? 0
      page += lineOf('blob', digestKey(digest), digest.size, lastUse * 1000)
    }
    yield page
  }
}

function lineOf(kind: 'checkout' | 'blob', name: string, bytes: number, lastUse: number): string {
  return `${kind},${cellOf(name)},${bytes},${lastUse > 0 ? new Date(lastUse).toISOString() : ''}\n`
}

/** A name that a spreadsheet would take for a formula is kept from being one. */
function cellOf(name: string): string {
  const plain = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
