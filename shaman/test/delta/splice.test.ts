import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import { createShamanClient, type UploadFile, type UploadReceipt } from '../../src/client/main.ts'
import { decodeChunkMap } from '../../src/delta/chunk-map.ts'
import { createChunker } from '../../src/delta/chunker.ts'
import { createFramePacker, type FramePacker } from '../../src/delta/frame-packer.ts'
import { packFrames } from '../../src/delta/pack-frames.ts'
import type { Recipe, RecipeOp } from '../../src/delta/recipe.ts'
import { encodeRecipe } from '../../src/delta/recipe-codec.ts'
import { createDeltaSender } from '../../src/delta/sender.ts'
import { digestOf } from '../../src/digest.ts'
import {
  blobOf,
  putBlob,
  readAll,
  startTestFarm,
  type TestBlob,
  type TestFarm,
  tempDir,
} from '../support/farm.ts'
import { asStep, framesOf, fresh, makeBlend } from './blend-samples.ts'

const payload = fresh(3_000_000)

/** A .blend whose every block header changes with `address`, as any save does. */
function savedBlend(address: bigint, extra: Buffer = Buffer.alloc(0)): Buffer {
  const small = Array.from({ length: 400 }, () => ({ code: 'DATA', payload: Buffer.alloc(90, 7) }))
  return makeBlend(
    '64-little',
    [...small, { code: 'ME', payload }, { code: 'DATA', payload: extra }, ...small],
    address,
  )
}

test('an edited file is sent as what changed, in two requests', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('shot.blend', savedBlend(1n))
  const edited = savedBlend(99_999n, fresh(5000))
  const receipt = await artist.upload('shot.blend', edited)
  assert.equal(receipt.uploadedBytes, edited.length)
  assert.ok(receipt.wireBytes < edited.length / 100, `${receipt.wireBytes} bytes`)
  assert.equal(receipt.requests, 2)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('the bytes a save always changes are sent against those it replaced', async (t) => {
  const first = await setUp(t)
  await first.artist.upload('shot.blend', savedBlend(1n))
  const known = await first.artist.upload('shot.blend', savedBlend(77_777n))
  const other = await setUp(t, { farm: first.farm })
  await first.farm.client.checkout({
    files: [{ path: 'shot.blend', digest: digestOf(savedBlend(1n)) }],
    path: 'job',
  })
  const unknown = await other.artist.upload('shot.blend', savedBlend(77_778n))
  assert.ok(known.wireBytes < unknown.wireBytes, `${known.wireBytes} < ${unknown.wireBytes}`)
})

test('a file another artist has submitted is diffed against their version', async (t) => {
  const { artist, farm } = await setUp(t)
  const theirs = savedBlend(1n)
  await artist.upload('lib/rock.blend', theirs)
  await farm.client.checkout({
    files: [{ path: 'lib/rock.blend', digest: digestOf(theirs) }],
    path: 'their-job',
  })
  const { artist: other } = await setUp(t, { farm })
  const mine = savedBlend(5_555n)
  const receipt = await other.upload('assets/rock.blend', mine)
  assert.ok(receipt.wireBytes < mine.length / 100)
  assert.ok((await stored(farm, mine)).equals(mine))
})

test('a new version of a shot, under a name with the next number, is diffed against the one before', async (t) => {
  const { artist, farm } = await setUp(t)
  const before = savedBlend(1n)
  await artist.upload('seq/shot_v001.blend', before)
  await farm.client.checkout({
    files: [{ path: 'seq/shot_v001.blend', digest: digestOf(before) }],
    path: 'first',
  })
  const after = savedBlend(9_999n)
  const receipt = await artist.upload('seq/shot_v002.blend', after)
  assert.ok(receipt.wireBytes < after.length / 100, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, after)).equals(after))
})

test('a file that shares nothing with its last version is sent whole', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('cache.vdb', fresh(2_000_000))
  const target = fresh(2_000_000)
  const receipt = await artist.upload('cache.vdb', target)
  assert.equal(receipt.wireBytes, target.length)
  assert.ok((await stored(farm, target)).equals(target))
})

test('a base the store has lost makes the client send the whole file', async (t) => {
  const { artist, farm } = await setUp(t)
  const base = savedBlend(1n)
  await artist.upload('shot.blend', base)
  assert.equal(await farm.shaman.blobs.delete(digestOf(base)), true)
  const edited = savedBlend(2n)
  await artist.upload('shot.blend', edited)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('a file that changed after it was hashed is not stored under its old digest', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('shot.blend', savedBlend(1n))
  const promised = savedBlend(2n)
  await assert.rejects(artist.upload('shot.blend', promised, { butHolds: savedBlend(3n) }))
  assert.equal(farm.shaman.blobs.isStored(digestOf(promised)), false)
})

test('a compressed .blend is sent as what changed in what it holds', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('shot.blend', await compressed(savedBlend(1n)))
  const edited = await compressed(savedBlend(99_999n, fresh(5000)))
  const receipt = await artist.upload('shot.blend', edited)
  assert.ok(receipt.wireBytes < edited.length / 100, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('an artist who turns compression on or off sends what changed all the same', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('shot.blend', savedBlend(1n))
  for (const edited of [await compressed(savedBlend(2n)), savedBlend(3n)]) {
    const receipt = await artist.upload('shot.blend', edited)
    assert.ok(receipt.wireBytes < edited.length / 50, `${receipt.wireBytes} bytes`)
    assert.ok((await stored(farm, edited)).equals(edited))
  }
})

test('a .blend compressed by another zstd is sent whole', async (t) => {
  const { artist, farm } = await setUp(t)
  await artist.upload('shot.blend', await compressed(savedBlend(1n)))
  const strange: Pick<FramePacker, 'pack'> = {
    async pack(_, [part]) {
      const { bytes } = part as { bytes: Uint8Array }
      return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    },
  }
  const edited = await compressed(savedBlend(2n), strange)
  const receipt = await artist.upload('shot.blend', edited)
  assert.equal(receipt.wireBytes, edited.length)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('a recipe whose bytes have another checksum is answered 417 and leaves nothing', async (t) => {
  const { farm } = await setUp(t)
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
  const { farm } = await setUp(t)
  const gone = blobOf(fresh(10_000))
  const answer = await postRecipe(farm, gone.digest, recipeOf([gone], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 409)
  assert.deepEqual(JSON.parse(answer.text).missing_bases, [gone.digest])
})

test('a recipe that is too large is answered 413, a malformed one 400', async (t) => {
  const { farm } = await setUp(t)
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
  const { farm } = await setUp(t)
  const base = blobOf(fresh(10_000))
  await putBlob(farm.shaman, base)
  const target = digestOf(fresh(5_000))
  const answer = await postRecipe(farm, target, recipeOf([base], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 400)
})

test('a recipe for a blob that is stored is answered 208', async (t) => {
  const { farm } = await setUp(t)
  const blob = blobOf(fresh(10_000))
  await putBlob(farm.shaman, blob)
  const answer = await postRecipe(farm, blob.digest, recipeOf([blob], [copy(0, 0, 10_000)]))
  assert.equal(answer.status, 208)
})

test('bases stay pinned for as long as a recipe is being received', async (t) => {
  const { farm } = await setUp(t)
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
  assert.ok((await stored(farm, target)).equals(target))
})

test('a chunk map is that of the blob, made once and kept on disk', async (t) => {
  const { farm } = await setUp(t)
  const blob = blobOf(savedBlend(1n))
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
  const { farm } = await setUp(t)
  const blob = blobOf(fresh(1000))
  await putBlob(farm.shaman, blob)
  const url = `${farm.url}/x/chunkmap/${blob.digest.sha}/${blob.digest.size}?alg=`
  assert.equal((await fetch(`${url}md5`)).status, 400)
})

interface Artist {
  upload(path: string, bytes: Buffer, options?: { butHolds?: Buffer }): Promise<UploadReceipt>
}

async function setUp(
  t: TestContext,
  given: { farm?: TestFarm } = {},
): Promise<{ farm: TestFarm; artist: Artist }> {
  const farm = given.farm ?? (await startTestFarm(t, { durability: 'none' }))
  const dir = await tempDir(t)
  const delta = createDeltaSender({ dir: join(dir, 'history'), prefer: 'bytes' })
  const client = createShamanClient({ url: farm.server.url, delta, clientId: dir.slice(-6) })
  t.after(async () => {
    await client.close()
    await delta.close()
  })
  return {
    farm,
    artist: {
      async upload(path, bytes, { butHolds } = {}) {
        const file = join(dir, path.replaceAll('/', '_'))
        await writeFile(file, butHolds ?? bytes)
        const upload: UploadFile = { path, digest: digestOf(bytes), source: { file } }
        if (butHolds === undefined) await delta.hash(file)
        return client.upload({ files: [upload] })
      },
    },
  }
}

const plainPacker = createFramePacker({ threads: 1 })
after(() => plainPacker.close())

/** As Blender saves with compression on: frames of 1 MiB or less. */
async function compressed(
  bytes: Buffer,
  packer: Pick<FramePacker, 'pack'> = plainPacker,
): Promise<Buffer> {
  return readAll(packFrames(ReadableStream.from(framesOf(bytes).map(asStep)), packer))
}

async function stored({ shaman }: TestFarm, bytes: Buffer): Promise<Buffer> {
  return readAll(await shaman.blobs.open(digestOf(bytes)))
}

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
