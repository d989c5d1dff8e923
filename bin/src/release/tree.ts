import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A file of an archive: where it goes, and what is in it. */
export interface Entry {
  /** POSIX, relative to the archive's top folder. */
  path: string
  from: { file: string } | { bytes: Uint8Array }
  executable?: boolean
}

/** The same order on every machine. */
export function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

/** Every file below a folder, as entries below `to`; `keep` is asked with paths relative to `dir`. */
export function entriesUnder(
  dir: string,
  to: string,
  keep: (path: string) => boolean = () => true,
): Entry[] {
  return filesUnder(dir)
    .filter(keep)
    .map((path) => ({ path: `${to}/${path}`, from: { file: join(dir, path) } }))
}

/** Relative POSIX paths of the files below a folder, without those of nested packages. */
export function filesUnder(dir: string, prefix = ''): string[] {
  return readdirSync(join(dir, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesUnder(dir, path)
    return entry.isFile() ? [path] : []
  })
}

export function text(content: string): { bytes: Uint8Array } {
  return { bytes: Buffer.from(content) }
}

export function sizeOf({ from }: Entry): number {
  return 'bytes' in from ? from.bytes.length : statSync(from.file).size
}

/** In hexadecimal, streamed: a Node binary has more than 100 MB. */
export async function sha256Of({ from }: Pick<Entry, 'from'>): Promise<string> {
  const hash = createHash('sha256')
  if ('bytes' in from) return hash.update(from.bytes).digest('hex')
  await pipeline(createReadStream(from.file), hash)
  return hash.digest('hex')
}

/** The lines that `sha256sum --check` reads. */
export async function checksums(entries: readonly Entry[]): Promise<string> {
  const lines: string[] = []
  for (const entry of sorted(entries)) lines.push(`${await sha256Of(entry)}  ${entry.path}\n`)
  return lines.join('')
}
