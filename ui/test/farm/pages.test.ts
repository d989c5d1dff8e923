import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPages } from '../../src/farm/pages.ts'

function list(size: number, options: { pageSize?: number; maxPages?: number } = {}) {
  const asked: number[] = []
  let settle = (): void => {}
  const pages = createPages<{ id: number }>({
    pageSize: 10,
    ...options,
    load: async (offset, limit) => {
      asked.push(offset)
      const rows = Array.from({ length: Math.max(0, Math.min(limit, size - offset)) }, (_, i) => ({
        id: offset + i,
      }))
      return { rows, total: size }
    },
    onChange: () => settle(),
    onError: (cause) => assert.fail(String(cause)),
  })
  const changed = (): Promise<void> => new Promise((resolve) => (settle = resolve))
  return { pages, asked, changed }
}

test('only pages that are wanted are loaded, each once', async () => {
  const { pages, asked, changed } = list(1000)
  pages.want(35, 38)
  pages.want(36, 39)
  await changed()
  assert.deepEqual(asked, [30])
  assert.equal(pages.total, 1000)
  assert.deepEqual(pages.rowAt(37), { id: 37 })
  assert.equal(pages.rowAt(5), undefined)
})

test('memory is bounded: pages long out of sight are dropped', async () => {
  const { pages, changed } = list(1000, { maxPages: 3 })
  for (let from = 0; from < 100; from += 10) {
    const done = changed()
    pages.want(from, from + 10)
    await done
  }
  assert.equal(pages.rowAt(0), undefined)
  assert.deepEqual(pages.rowAt(95), { id: 95 })
  assert.equal(pages.loadedRows().length, 30)
})

test('a patch changes the one row it matches', async () => {
  const { pages, changed } = list(20)
  pages.want(0, 5)
  await changed()
  assert.equal(
    pages.patch(
      (row) => row.id === 3,
      () => ({ id: 33 }),
    ),
    true,
  )
  assert.deepEqual(pages.rowAt(3), { id: 33 })
  assert.equal(
    pages.patch(
      (row) => row.id === 15,
      (row) => row,
    ),
    false,
  )
})
