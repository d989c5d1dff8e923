import { ShamanError } from './errors.ts'
import { stagingPrefix } from './layout.ts'

const maxSegmentBytes = 255
const maxPathBytes = 4096
const reservedNames = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i
const flamencoForbids = /[?*:;{}\\]/

/**
 * Checks a file's path inside a checkout: POSIX, relative, and a name that every platform of a farm can create. Returns it
 * unchanged; throws `PATH_UNSAFE`.
 */
export function checkFilePath(path: string): string {
  checkPath(path)
  for (const segment of path.split('/')) {
    if (reservedNames.test(segment)) throw unsafe(path, `Windows reserves the name "${segment}"`)
  }
  return path
}

/**
 * Checks a requested checkout path by Flamenco's rule and ours, and returns the path to use: names that only Windows
 * objects to are mended, since clients honour a returned path that differs.
 */
export function checkCheckoutPath(path: string): string {
  if (flamencoForbids.test(path)) throw unsafe(path, 'it has one of the characters ? * : ; { } \\')
  const mended = path
    .split('/')
    .map((segment) => segment.replace(/(?<=[^. ])[. ]+$/, ''))
    .map((segment) => (reservedNames.test(segment) ? `_${segment}` : segment))
    .join('/')
  checkPath(mended)
  if (mended.split('/').some((segment) => segment.startsWith(stagingPrefix))) {
    throw unsafe(path, `names that begin with ${stagingPrefix} are the store's own`)
  }
  return mended
}

function checkPath(path: string): void {
  if (path === '') throw unsafe(path, 'it is empty')
  if (!path.isWellFormed()) throw unsafe(path, 'it is not valid Unicode')
  if (Buffer.byteLength(path) > maxPathBytes) throw unsafe(path, 'it is too long')
  if (path.startsWith('/')) throw unsafe(path, 'it is absolute')
  if (/^[a-zA-Z]:/.test(path)) throw unsafe(path, 'it names a drive')
  if (path.includes('\\')) throw unsafe(path, 'it has a backslash; separate folders with /')
  if (/[\0-\x1f\x7f]/.test(path)) throw unsafe(path, 'it has control characters')
  for (const segment of path.split('/')) checkSegment(path, segment)
}

function checkSegment(path: string, segment: string): void {
  if (segment === '') throw unsafe(path, 'it has an empty folder name')
  if (segment === '.' || segment === '..') throw unsafe(path, `"${segment}" is not allowed in it`)
  // UTF-8 takes at most three bytes per UTF-16 unit, so most names need no counting.
  if (segment.length * 3 > maxSegmentBytes && Buffer.byteLength(segment) > maxSegmentBytes) {
    throw unsafe(path, `one of its names is longer than ${maxSegmentBytes} bytes`)
  }
}

/** The form in which two paths that some file system takes for the same one are equal. */
export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

function unsafe(path: string, reason: string): ShamanError {
  const shown = path.length > 120 ? `${path.slice(0, 120)}…` : path
  return new ShamanError(
    'PATH_UNSAFE',
    `the path ${JSON.stringify(shown)} cannot be used: ${reason}`,
    {
      detail: { path: shown },
      hint: 'Rename the file or folder, or choose another name for the checkout.',
    },
  )
}
