/** Finds `@asset paths@` in USD text that comes in parts. */
export interface AssetScanner {
  readonly found: ReadonlySet<string>
  scan(bytes: Buffer): void
}

const longestPath = 4096
const most = 10_000
const [HASH, AT, NEWLINE, BACKSLASH] = [0x23, 0x40, 0x0a, 0x5c]
const QUOTES = [0x22, 0x27]

type State = 'plain' | 'comment' | 'string' | 'asset'

/**
 * Comments (`#` to the end of the line) and strings (in one or three quotes) may hold any `@`. An asset path is
 * between single `@`, or between three where it holds one itself.
 */
export function createAssetScanner(): AssetScanner {
  const found = new Set<string>()
  let state: State = 'plain'
  /** The byte that opened a string or path, and how many of it: 1 or 3. */
  let mark = 0
  let width = 0
  /** How many of the mark stand right before this byte. */
  let run = 0
  let isEscaped = false
  let path: number[] = []

  const open = (byte: number): void => {
    state = byte === AT ? 'asset' : 'string'
    mark = byte
    width = 0
    run = 1
    path = []
  }
  const close = (): void => {
    if (state === 'asset' && path.length > 0 && found.size < most) {
      const text = Buffer.from(path).toString('utf8')
      found.add(width === 3 ? text.replaceAll('\\@@@', '@@@') : text)
    }
    state = 'plain'
  }
  /** The first bytes after a mark tell whether there was one of it, two (nothing between them), or three. */
  const isOpening = (byte: number): boolean => {
    if (width > 0) return false
    if (byte === mark && run < 3) {
      run += 1
      if (run === 3) [width, run] = [3, 0]
      return true
    }
    if (run === 2) {
      state = 'plain'
      plain(byte)
      return true
    }
    ;[width, run] = [1, 0]
    return false
  }
  const plain = (byte: number): void => {
    if (byte === HASH) state = 'comment'
    else if (byte === AT || QUOTES.includes(byte)) open(byte)
  }
  const within = (byte: number): void => {
    if (isOpening(byte)) return
    const isMark = byte === mark && !isEscaped
    run = isMark ? run + 1 : 0
    if (state === 'asset' && path.length < longestPath) path.push(byte)
    isEscaped = byte === BACKSLASH && !isEscaped && (state === 'string' || width === 3)
    if (run === width) {
      path.length = Math.max(0, path.length - width)
      close()
    } else if (byte === NEWLINE && width === 1) state = 'plain'
  }

  return {
    found,
    scan(bytes) {
      for (let i = 0; i < bytes.length; i += 1) {
        const byte = bytes[i]!
        if (state === 'plain') plain(byte)
        else if (state === 'comment') state = byte === NEWLINE ? 'plain' : 'comment'
        else within(byte)
      }
    },
  }
}
