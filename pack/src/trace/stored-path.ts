import path from 'node:path'

/**
 * Paths as .blend files store them are bytes, not always UTF-8. As strings they carry each undecodable byte as a lone
 * surrogate (U+DC80 + byte - 0x80), as Python does, so that nothing is lost on the way to the disk and into JSON.
 */
export function decodePath(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  return decodeBytewise(bytes)
}

/** The reverse of {@link decodePath}. */
export function encodePath(text: string): Buffer {
  if (!hasLostBytes(text)) return Buffer.from(text, 'utf8')
  const parts: Buffer[] = []
  for (const part of text.split(/([\udc80-\udcff])/)) {
    const unit = part.charCodeAt(0)
    const isByte = part.length === 1 && unit >= 0xdc80 && unit <= 0xdcff
    parts.push(isByte ? Buffer.from([unit - 0xdc00]) : Buffer.from(part, 'utf8'))
  }
  return Buffer.concat(parts)
}

/** True if the path has bytes that are no UTF-8. */
export function hasLostBytes(text: string): boolean {
  return !text.isWellFormed()
}

/** What to hand to `node:fs` for a path. */
export function fsPath(text: string): string | Buffer {
  return hasLostBytes(text) ? encodePath(text) : text
}

/** How a stored path is anchored. */
export type Anchoring =
  /** `//tex/a.png`: to the directory of its .blend. */
  | 'blend'
  /** Absolute on this system. */
  | 'absolute'
  /** Absolute on another system: a drive or a share, seen from POSIX. */
  | 'foreign'
  /** `tex/a.png`: to whatever directory Blender was started in. */
  | 'working-directory'

const drive = /^[A-Za-z]:[\\/]/

export function anchoringOf(stored: string, platform = process.platform): Anchoring {
  // UNC before anything else: with its slashes turned it would look relative to the .blend.
  if (stored.startsWith('\\\\')) return platform === 'win32' ? 'absolute' : 'foreign'
  if (stored.startsWith('//')) return 'blend'
  if (drive.test(stored)) return platform === 'win32' ? 'absolute' : 'foreign'
  if (/^[\\/]/.test(stored)) return 'absolute'
  return 'working-directory'
}

/** The path on disk that a stored path means, for a .blend in `dir`; undefined if none on this system. */
export function resolveStored(
  stored: string,
  dir: string,
  mappings: readonly PathMapping[] = [],
  platform = process.platform,
): string | undefined {
  const lib = platform === 'win32' ? path.win32 : path.posix
  const anchoring = anchoringOf(stored, platform)
  if (anchoring !== 'blend') {
    const mapped = applyMappings(stored, mappings)
    if (mapped !== undefined) return lib.resolve(mapped)
  }
  if (anchoring === 'foreign') return undefined
  const slashed = platform === 'win32' ? stored : stored.replaceAll('\\', '/')
  if (anchoring === 'absolute') return lib.resolve(slashed)
  return lib.resolve(dir, anchoring === 'blend' ? `.${lib.sep}${slashed.slice(2)}` : slashed)
}

/** Absolute paths below `from`, as stored, lie below `to` on this machine. */
export interface PathMapping {
  readonly from: string
  readonly to: string
}

function applyMappings(stored: string, mappings: readonly PathMapping[]): string | undefined {
  const slashed = stored.replaceAll('\\', '/')
  for (const { from, to } of mappings) {
    const prefix = from.replaceAll('\\', '/').replace(/\/+$/, '')
    const same = drive.test(stored)
      ? slashed.toLowerCase().startsWith(`${prefix.toLowerCase()}/`)
      : slashed.startsWith(`${prefix}/`)
    if (same) return path.join(to, slashed.slice(prefix.length + 1))
  }
  return undefined
}

function decodeBytewise(bytes: Buffer): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    text +=
      length > 0
        ? bytes.toString('utf8', at, at + length)
        : String.fromCharCode(0xdc00 + bytes[at]!)
    at += Math.max(length, 1)
  }
  return text
}

/** Bytes of the valid UTF-8 sequence that starts here, or 0. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (length === 0 || at + length > bytes.length) return 0
  return bytes.toString('utf8', at, at + length).includes('\ufffd') ? 0 : length
}
