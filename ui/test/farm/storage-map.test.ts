import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MapMode, type MapParts, mapStorage } from '../../src/farm/storage-map.ts'
import type { CheckoutInfo, StoreStats } from '../../src/farm/store.ts'
import { neighbour } from '../../src/farm/tiles.ts'

function checkout(path: string, bytes: number, exclusiveBytes: number): CheckoutInfo {
  const rest = { files: 1, uploadedFiles: 0, uploadedBytes: 0, pinned: false }
  return {
    path,
    bytes,
    exclusiveBytes,
    sharedBytes: bytes - exclusiveBytes,
    created: '2026-01-01T00:00:00Z',
    ...rest,
  }
}

const stats: StoreStats = {
  blobs: 10,
  bytes: 1000,
  checkouts: 2,
  referencedBlobs: 8,
  referencedBytes: 800,
  uploading: 0,
  pinned: 0,
  leased: 0,
  freeBytes: 1,
  durability: 'full',
}
const checkouts = [checkout('spring/a', 600, 300), checkout('spring/b', 500, 200)]
const size = { width: 600, height: 400 }

// 300 bytes are in both.
const shares = new Map([
  ['spring/a', 450],
  ['spring/b', 350],
])
const parts: MapParts = { checkouts, stats, shares, mode: 'share' }
const bytesByKey = (mode: MapMode) =>
  Object.fromEntries(mapStorage({ ...parts, mode }, size).map(({ key, bytes }) => [key, bytes]))

test('shares and what is unreferenced add up to the disk, and so does what is alone and shared', () => {
  assert.deepEqual(bytesByKey('share'), { 'spring/a': 450, 'spring/b': 350, '~unreferenced': 200 })
  assert.deepEqual(bytesByKey('exclusive'), {
    'spring/a': 300,
    'spring/b': 200,
    '~shared': 300,
    '~unreferenced': 200,
  })
  assert.deepEqual(bytesByKey('referenced'), { 'spring/a': 600, 'spring/b': 500 })
})

test('a checkout that was not counted yet has what it holds alone for its share', () => {
  const tiles = mapStorage({ ...parts, shares: new Map() }, size)
  assert.equal(tiles.find((tile) => tile.key === 'spring/a')?.bytes, 300)
})

test('tiles stay inside the map and do not overlap', () => {
  const tiles = mapStorage({ ...parts, mode: 'exclusive' }, size)
  for (const one of tiles) {
    assert.ok(one.x >= 0 && one.y >= 0)
    assert.ok(one.x + one.width <= size.width && one.y + one.height <= size.height)
    for (const other of tiles) {
      if (other === one) continue
      const apart =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y
      assert.ok(apart, `${one.key} overlaps ${other.key}`)
    }
  }
})

test('an arrow key goes to the tile in that direction, or nowhere', () => {
  const tile = (key: string, x: number, y: number) => ({
    key,
    label: key,
    bytes: 1,
    checkout: key,
    group: '',
    exclusive: 0,
    x,
    y,
    width: 10,
    height: 10,
  })
  const tiles = [tile('a', 0, 0), tile('b', 20, 0), tile('c', 20, 20)]
  assert.equal(neighbour(tiles, tiles[0]!, 'ArrowRight')?.key, 'b')
  assert.equal(neighbour(tiles, tiles[1]!, 'ArrowDown')?.key, 'c')
  assert.equal(neighbour(tiles, tiles[0]!, 'ArrowLeft'), undefined)
})
