/** A long list of which only the looked-at pages are loaded. Plain TypeScript; no rendering. */
export interface Pages<Row> {
  readonly total: number
  rowAt(index: number): Row | undefined
  /** Loads what is missing of a range of rows. */
  want(from: number, to: number): void
  /** Loads again what is loaded, after which every row is as the manager has it. */
  refresh(): void
  patch(matches: (row: Row) => boolean, change: (row: Row) => Row): boolean
  loadedRows(): Row[]
  close(): void
}

export interface PagesOptions<Row> {
  load(offset: number, limit: number, signal: AbortSignal): Promise<{ rows: Row[]; total: number }>
  onChange(): void
  onError(error: unknown): void
  pageSize?: number
  /** Pages kept in memory; the least lately wanted goes first. */
  maxPages?: number
}

export function createPages<Row>(options: PagesOptions<Row>): Pages<Row> {
  const { pageSize = 200, maxPages = 50 } = options
  const pages = new Map<number, Row[]>()
  const loading = new Set<number>()
  const closed = new AbortController()
  let total = 0
  let wanted: [number, number] = [0, 0]

  return {
    get total() {
      return total
    },
    rowAt: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    want(from, to) {
      wanted = [Math.floor(from / pageSize), Math.floor(Math.max(from, to - 1) / pageSize)]
      for (let page = wanted[0]; page <= wanted[1]; page += 1) {
        const rows = pages.get(page)
        if (rows) touch(page, rows)
        else void load(page)
      }
    },
    refresh() {
      // Pages out of sight are dropped rather than read again for nobody.
      for (const page of [...pages.keys()]) {
        if (page < wanted[0] || page > wanted[1]) pages.delete(page)
      }
      for (let page = wanted[0]; page <= wanted[1]; page += 1) void load(page)
    },
    patch(matches, change) {
      for (const [page, rows] of pages) {
        const at = rows.findIndex(matches)
        if (at < 0) continue
        pages.set(page, rows.with(at, change(rows[at]!)))
        options.onChange()
        return true
      }
      return false
    },
    loadedRows: () => [...pages].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows),
    close: () => closed.abort(),
  }

  async function load(page: number): Promise<void> {
    if (loading.has(page)) return
    loading.add(page)
    try {
      const answer = await options.load(page * pageSize, pageSize, closed.signal)
      if (closed.signal.aborted) return
      total = answer.total
      touch(page, answer.rows)
      options.onChange()
    } catch (cause) {
      if (!closed.signal.aborted) options.onError(cause)
    } finally {
      loading.delete(page)
    }
  }

  function touch(page: number, rows: Row[]): void {
    pages.delete(page)
    pages.set(page, rows)
    for (const oldest of pages.keys()) {
      if (pages.size <= maxPages) return
      if (oldest < wanted[0] || oldest > wanted[1]) pages.delete(oldest)
      else return
    }
  }
}
