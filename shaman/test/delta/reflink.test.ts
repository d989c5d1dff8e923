import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RecipeOp } from '../../src/delta/recipe.ts'
import { encodeRecipe } from '../../src/delta/recipe-codec.ts'
import { digestOf } from '../../src/digest.ts'
import { blobOf, putBlob, readAll, startTestFarm, type TestFarm } from '../support/farm.ts'
import { mountImage, usedBytes } from '../support/mount-image.ts'
import { fresh } from './blend-samples.ts'

const MiB = 1 << 20
const base = blobOf(fresh(48 * MiB))

for (const [type, options] of [
  ['btrfs', []],
  ['xfs', ['-m', 'reflink=1']],
] as const) {
  test(`on ${type} a target that keeps its base in place shares the base's blocks`, async (t) => {
    const root = mountImage(t, type, options)
    if (root === undefined) return
    const farm = await startTestFarm(t, { root: join(root, 'storage') })
    await putBlob(farm.shaman, base)
    assert.equal((await capabilities(farm)).reflink, true)

    const patch = fresh(100_000)
    const tail = fresh(3_000)
    const target = Buffer.concat([base.bytes, tail])
    patch.copy(target, 20 * MiB)
    const before = usedBytes(root)
    assert.equal(
      await splice(farm, target, patch, tail, [
        { kind: 'copy', base: 0, offset: 0, length: 20 * MiB },
        { kind: 'literal', length: patch.length },
        {
          kind: 'copy',
          base: 0,
          offset: 20 * MiB + patch.length,
          length: base.bytes.length - 20 * MiB - patch.length,
        },
        { kind: 'literal', length: tail.length },
      ]),
      204,
    )
    assert.ok((await readAll(await farm.shaman.blobs.open(digestOf(target)))).equals(target))
    assert.ok((await readAll(await farm.shaman.blobs.open(base.digest))).equals(base.bytes))
    const grown = usedBytes(root) - before
    assert.ok(grown < base.bytes.length / 4, `the volume holds ${grown} bytes more`)
    assert.deepEqual(readdirSync(farm.shaman.blobs.tempDir), [])
  })
}

test('a clone that does not become what was promised is refused, and leaves nothing', async (t) => {
  const root = mountImage(t, 'btrfs', [])
  if (root === undefined) return
  const farm = await startTestFarm(t, { root: join(root, 'storage') })
  await putBlob(farm.shaman, base)
  const target = Buffer.concat([base.bytes, fresh(1000)])
  const ops: RecipeOp[] = [
    { kind: 'copy', base: 0, offset: 0, length: base.bytes.length },
    { kind: 'literal', length: 1000 },
  ]
  assert.equal(await splice(farm, target, fresh(1000), Buffer.alloc(0), ops), 417)
  assert.equal(farm.shaman.blobs.isStored(digestOf(target)), false)
  assert.deepEqual(readdirSync(farm.shaman.blobs.tempDir), [])
  assert.ok((await readAll(await farm.shaman.blobs.open(base.digest))).equals(base.bytes))
})

test('a target shorter than its base, with parts moved, is written over a clone', async (t) => {
  const root = mountImage(t, 'btrfs', [])
  if (root === undefined) return
  const farm = await startTestFarm(t, { root: join(root, 'storage') })
  await putBlob(farm.shaman, base)
  const target = Buffer.concat([
    base.bytes.subarray(0, 30 * MiB),
    base.bytes.subarray(5, 5 + 2 * MiB),
    Buffer.alloc(5000),
  ])
  const ops: RecipeOp[] = [
    { kind: 'copy', base: 0, offset: 0, length: 30 * MiB },
    { kind: 'copy', base: 0, offset: 5, length: 2 * MiB },
    { kind: 'zero', length: 5000 },
  ]
  assert.equal(await splice(farm, target, Buffer.alloc(0), Buffer.alloc(0), ops), 204)
  assert.ok((await readAll(await farm.shaman.blobs.open(digestOf(target)))).equals(target))
})

async function splice(
  { url }: TestFarm,
  target: Buffer,
  ...[first, second, ops]: [Buffer, Buffer, RecipeOp[]]
): Promise<number> {
  const { sha, size } = digestOf(target)
  const head = encodeRecipe({
    size,
    bases: [{ digest: base.digest }],
    ops,
    literalCoding: 'none',
    dictionary: [],
    frames: [],
  })
  const body = Buffer.concat([head, first, second])
  return (await fetch(`${url}/x/splice/${sha}/${size}`, { method: 'POST', body })).status
}

async function capabilities({ url }: TestFarm): Promise<{ reflink: boolean }> {
  return (await fetch(`${url}/x/capabilities`)).json() as Promise<{ reflink: boolean }>
}
