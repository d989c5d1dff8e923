import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeChunkMap } from '../../src/delta/chunk-map.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import type { Recipe, RecipeOp } from '../../src/delta/recipe.ts'
import { encodeRecipe } from '../../src/delta/recipe-codec.ts'
import { mostSplices } from '../../src/delta/routes.ts'
import { digestOf } from '../../src/digest.ts'
import {
  blobOf,
  putBlob,
  readAll,
  startTestFarm,
  type TestBlob,
  type TestFarm,
} from '../support/farm.ts'
import { fresh, makeBlend } from './blend-samples.ts'

test('a recipe whose bytes have another checksum is answered 417 and leaves nothing', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const base = blobOf(fresh(10_000))
  await putBlob(farm.shaman, base)
  const target = digestOf(fresh(10_000))
  const answer = await postRecipe(farm, target, recipeOf([base], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 417)
  assert.equal(farm.shaman.blobs.isStored(target), false)
  assert.deepEqual(await readdir(farm.shaman.blobs.tempDir), [])
  assert.equal(farm.shaman.protection.counts().pinned, 0)
})

test('bases that are missing are answered 409 with their names', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const gone = blobOf(fresh(10_000))
  const answer = await postRecipe(farm, gone.digest, recipeOf([gone], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 409)
  assert.deepEqual(JSON.parse(answer.text).missing_bases, [gone.digest])
})

test('a recipe that is too large is answered 413, a malformed one 400', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const base = blobOf(fresh(10_000))
  await putBlob(farm.shaman, base)
  const tiny = Array.from({ length: 100 }, (_, at) => copy(0, at * 2, 1))
  const target = digestOf(fresh(100))
  assert.equal((await postRecipe(farm, target, recipeOf([base], tiny))).status, 413)
  const outside = recipeOf([base], [copy(0, 9_950, 100)])
  assert.equal((await postRecipe(farm, target, outside)).status, 400)
  assert.equal((await postRecipe(farm, target, Buffer.from('not a recipe'))).status, 400)
  assert.equal((await postRecipe(farm, target, Buffer.alloc(0))).status, 400)
})

test('a recipe for another size than asked is refused before anything is written', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const base = blobOf(fresh(10_000))
  await putBlob(farm.shaman, base)
  const target = digestOf(fresh(5_000))
  const answer = await postRecipe(farm, target, recipeOf([base], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 400)
})

test('a recipe for a blob that is stored is answered 208', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const blob = blobOf(fresh(10_000))
  await putBlob(farm.shaman, blob)
  const answer = await postRecipe(farm, blob.digest, recipeOf([blob], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 208)
})

test('bases stay pinned for as long as a recipe is being received', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const base = blobOf(fresh(2_000_000))
  await putBlob(farm.shaman, base)
  const tail = fresh(1000)
  const target = Buffer.concat([base.bytes, tail])
  const head = recipeOf([base], [copy(0, 0, 2_000_000), { kind: 'literal', length: 1000 }])
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield head
    await held
    yield tail
  }
  const { sha, size } = digestOf(target)
  const posted = fetch(`${farm.url}/x/splice/${sha}/${size}`, {
    method: 'POST',
    body: ReadableStream.from(slowly()),
    duplex: 'half',
  })
  while (!farm.shaman.protection.isPinned(base.digest)) await new Promise(setImmediate)
  release()
  assert.equal((await posted).status, 204)
  assert.equal(farm.shaman.protection.isPinned(base.digest), false)
  assert.ok((await readAll(await farm.shaman.blobs.open(digestOf(target)))).equals(target))
})

test('more recipes at once than there are places are answered 503, and a place that is left is free', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const base = blobOf(fresh(10_000))
  await putBlob(farm.shaman, base)
  const ops: RecipeOp[] = [copy(0, 0, 10_000), { kind: 'literal', length: 1 }]
  const hold = (index: number): { answered: Promise<Response>; release(): void } => {
    const { promise, resolve } = Promise.withResolvers<void>()
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield recipeOf([base], ops)
      await promise
      yield Buffer.from([index])
    }
    const { sha, size } = digestOf(Buffer.concat([base.bytes, Buffer.from([index])]))
    const body = ReadableStream.from(slowly())
    const request = { method: 'POST', body, duplex: 'half' as const }
    return { answered: fetch(`${farm.url}/x/splice/${sha}/${size}`, request), release: resolve }
  }
  const held = Array.from({ length: mostSplices }, (_, index) => hold(index))
  while (farm.shaman.inFlight.count() < mostSplices) await new Promise(setImmediate)
  const target = blobOf(Buffer.concat([base.bytes, Buffer.from([99])]))
  const recipe = Buffer.concat([recipeOf([base], ops), Buffer.from([99])])
  const refused = await postRecipe(farm, target.digest, recipe)
  assert.equal(refused.status, 503)
  assert.equal(JSON.parse(refused.text).error_code, 'SPLICES_BUSY')
  for (const { release } of held) release()
  const statuses = await Promise.all(held.map(async ({ answered }) => (await answered).status))
  assert.deepEqual(new Set(statuses), new Set([204]))
  assert.equal((await postRecipe(farm, target.digest, recipe)).status, 204)
})

test('a chunk map is that of the blob, made once and kept on disk', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const blob = blobOf(makeBlend('64-little', [{ code: 'ME', payload: fresh(1_000_000) }]))
  await putBlob(farm.shaman, blob)
  const chunker = createChunker('blend1')
  chunker.push(blob.bytes)
  const map = chunker.end()
  const ask = async (): Promise<Response> =>
    fetch(`${farm.url}/x/chunkmap/${blob.digest.sha}/${blob.digest.size}?alg=blend1`)
  for (const answer of await Promise.all([ask(), ask()])) {
    assert.deepEqual(decodeChunkMap(await answer.bytes()), map)
  }
  const shard = join(farm.shaman.layout.fileStore, 'chunkmaps', blob.digest.sha.slice(0, 2))
  const [kept] = await readdir(shard)
  await writeFile(join(shard, kept!), 'torn')
  assert.deepEqual(decodeChunkMap(await (await ask()).bytes()), map)
  await farm.shaman.blobs.delete(blob.digest)
  assert.equal((await ask()).status, 404)
})

test('a chunk map of an unknown algorithm is refused', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const blob = blobOf(fresh(1000))
  await putBlob(farm.shaman, blob)
  const url = `${farm.url}/x/chunkmap/${blob.digest.sha}/${blob.digest.size}?alg=`
  assert.equal((await fetch(`${url}md5`)).status, 400)
})

function copy(base: number, offset: number, length: number): RecipeOp {
  return { kind: 'copy', base, offset, length }
}

function recipeOf(bases: TestBlob[], ops: RecipeOp[]): Uint8Array {
  const recipe: Recipe = {
    size: ops.reduce((total, op) => total + op.length, 0),
    bases: bases.map(({ digest }) => ({ digest })),
    ops,
    literalCoding: 'none',
    dictionary: [],
    frames: [],
  }
  return encodeRecipe(recipe)
}

async function postRecipe(
  farm: TestFarm,
  { sha, size }: { sha: string; size: number },
  body: Uint8Array,
): Promise<{ status: number; text: string }> {
  const url = `${farm.url}/x/splice/${sha}/${size}`
  const answer = await fetch(url, { method: 'POST', body: Buffer.from(body) })
  return { status: answer.status, text: await answer.text() }
}
