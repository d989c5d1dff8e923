// A job's paths may come from any platform, so backslashes count as slashes and results are written with slashes.

export function basename(path: unknown): string {
  const trimmed = slashed(path).replace(/\/+$/, '')
  if (trimmed === '') return slashed(path) === '' ? '.' : '/'
  return trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/** Everything before the last slash. Not normalised: `//` at the front means "beside the .blend file". */
export function dirname(path: unknown): string {
  const text = slashed(path)
  const cut = text.lastIndexOf('/')
  if (cut < 0) return '.'
  const parent = text.slice(0, cut)
  return parent === '' || /^\/+$/.test(parent) ? text.slice(0, cut + 1) : parent
}

/** Joins and normalises; empty parts count for nothing. A leading `//` (a UNC share) is kept. */
export function join(...parts: unknown[]): string {
  const text = parts
    .map(slashed)
    .filter((part) => part !== '')
    .join('/')
  if (text === '') return ''
  const root = /^\/\/[^/]/.test(text) ? '//' : text.startsWith('/') ? '/' : ''
  const kept: string[] = []
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (root === '') kept.push('..')
  }
  return root + kept.join('/') || '.'
}

/** The base name without its last extension. */
export function stem(path: unknown): string {
  const base = basename(path)
  const dot = base.lastIndexOf('.')
  return dot < 0 ? base : base.slice(0, dot)
}

function slashed(path: unknown): string {
  return String(path ?? '').replaceAll('\\', '/')
}
