import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What takes time: a whole upload, a splice (of plain files, of frames), and chunking here. */
export type Work = 'whole' | 'splice' | 'splice-frames' | 'chunk'

/** Bytes of the file a second, by the work; absent where nothing was measured of late. */
export type Pace = { readonly [work in Work]?: number }

/** How fast each store was reached from this machine. A hint, like the rest of the history. */
export interface PaceBook {
  of(store: string): Promise<Pace>
  note(store: string, work: Work, sent: { bytes: number; ms: number }): Promise<void>
  save(): Promise<void>
}

/** A file that a delta is thought of for. */
export interface DeltaProspect {
  readonly size: number
  readonly splice: 'splice' | 'splice-frames'
  /** Its chunk map is at hand already. */
  readonly isChunked: boolean
}

/**
 * Whether sending what changed is no slower than sending all. A delta may take 5 % longer; that is left to what is not
 * measured here, as looking up and remembering versions. What was not measured yet is tried:
 * each work is measured by being done, so a store that is reached in a new way is learned anew.
 */
export function isWorthDelta({ size, splice, isChunked }: DeltaProspect, pace: Pace): boolean {
  const whole = pace.whole
  const spliced = pace[splice]
  if (whole === undefined || spliced === undefined) return true
  const chunking = isChunked || pace.chunk === undefined ? 0 : size / pace.chunk
  return chunking + size / spliced <= size / whole
}

/** Of a large scene: what its frames hold took 115 ms longer to splice than 105 MB by their blocks, on two cores. */
const bytesOfFramesPerSecond = 0.9e9
/** Of a network that was not measured yet: 1 Gbit/s. */
const usualBytesPerSecond = 110e6
/** However quick the network is, it is others' as well. */
const mostShare = 0.05

/**
 * Whether a compressed .blend is better sent by what its frames hold: that spares nearly all of the bytes that have to be sent by
 * its blocks, and costs the unpacking and packing of the frames that changed.
 *
 * @param share of the file that has to be sent by its blocks
 */
export function framesPay(
  share: number,
  { whole = usualBytesPerSecond }: { whole?: number },
): boolean {
  return share > mostShare || share / whole > 1 / bytesOfFramesPerSecond
}

interface Entry {
  /** The last few, oldest first. */
  rates: number[]
  at: number
}
type Book = Record<string, Partial<Record<Work, Entry>>>

/** Below this, latency is measured more than pace. */
const leastBytes = 2 * 1024 * 1024

/** Measurements older than this are forgotten: a splice that was slow once must get another chance. */
const freshMs = 24 * 3600 * 1000

/** The best of so many counts, and nothing before there are two: one may have met a busy machine. */
const most = 3
const fewest = 2

/** Opens the book kept in a directory. */
export function openPaceBook(dir: string, now: () => number = Date.now): PaceBook {
  const path = join(dir, 'pace.json')
  let reading: Promise<Book> | undefined
  let isChanged = false
  const read = (): Promise<Book> => {
    reading ??= readBook(path)
    return reading
  }
  const isFresh = ({ at }: Entry): boolean => now() - at < freshMs

  return {
    async of(store) {
      const entries = Object.entries((await read())[store] ?? {})
      const known = entries.filter(([, entry]) => isFresh(entry) && entry.rates.length >= fewest)
      return Object.fromEntries(known.map(([work, { rates }]) => [work, Math.max(...rates)]))
    },
    async note(store, work, { bytes, ms }) {
      if (bytes < leastBytes) return
      const book = await read()
      const old = book[store]?.[work]
      const before = old !== undefined && isFresh(old) ? old.rates : []
      const rates = [...before, (bytes / Math.max(1, ms)) * 1000].slice(-most)
      book[store] = { ...book[store], [work]: { rates, at: now() } }
      isChanged = true
    },
    async save() {
      if (!isChanged) return
      isChanged = false
      await mkdir(dir, { recursive: true })
      const temp = join(dir, `${randomUUID()}.tmp`)
      await writeFile(temp, JSON.stringify(newestStores(await read())))
      await rename(temp, path)
    },
  }
}

async function readBook(path: string): Promise<Book> {
  try {
    const book: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isBook(book) ? book : {}
  } catch {
    // Absent or torn: as good as never measured.
    return {}
  }
}

function isBook(book: unknown): book is Book {
  const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null
  const isEntry = ({ rates, at }: Partial<Entry>): boolean =>
    typeof at === 'number' && Array.isArray(rates) && rates.every((rate) => rate > 0)
  return (
    isRecord(book) &&
    Object.values(book).every((works) => isRecord(works) && Object.values(works).every(isEntry))
  )
}

const mostStores = 50

function newestStores(book: Book): Book {
  const lastAt = (works: object): number =>
    Object.values(works).reduce((last: number, entry: Entry) => Math.max(last, entry.at), 0)
  const sorted = Object.entries(book).toSorted(([, a], [, b]) => lastAt(b) - lastAt(a))
  return Object.fromEntries(sorted.slice(0, mostStores))
}
