import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { blocksFromBytes } from '../../src/delta/algorithms.ts'
import { bytesOf } from '../../src/delta/apply.ts'
import { createFramePacker, type FramePacker } from '../../src/delta/frame-packer.ts'
import { packFrames } from '../../src/delta/pack-frames.ts'
import { encodeRecipe } from '../../src/delta/recipe-codec.ts'
import { blobOf, putBlob, readAll } from '../support/farm.ts'
import { savedBlend, startStudio, stored } from './artist.ts'
import { asStep, framesOf, fresh } from './blend-samples.ts'

test('a compressed .blend is sent as what changed in what it holds', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', await compressed(savedBlend(1n)))
  const edited = await compressed(savedBlend(99_999n, fresh(5000)))
  const receipt = await artist.upload('shot.blend', edited)
  assert.equal(receipt.requests, 2)
  assert.ok(receipt.wireBytes < edited.length / 100, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('a large compressed .blend goes by its blocks to a store that is near, by what it holds over a slow link', async (t) => {
  const { artist, farm } = await startStudio(t, { delta: { prefer: 'time' } })
  const large = fresh(blocksFromBytes)
  const saved = (address: bigint): Promise<Buffer> => compressed(savedBlend(address, large))
  await artist.upload('shot.blend', await saved(1n))
  let address = 2n
  const send = async (): Promise<{ requests: number }> => {
    const edited = await saved(address++)
    const { wireBytes, requests } = await artist.upload('shot.blend', edited)
    assert.ok((await stored(farm, edited)).equals(edited))
    assert.ok(wireBytes < edited.length / 20, `${wireBytes} bytes`)
    return { requests }
  }
  assert.equal((await send()).requests, 2)
  for (let times = 0; times < 3; times++) {
    await artist.delta.sentWhole(farm.shaman.storeId, { bytes: 10_000_000, ms: 10_000_000 })
  }
  // How the version before is cut by what it holds has to be asked for once.
  assert.equal((await send()).requests, 3)
  assert.equal((await send()).requests, 2)
})

test('a large .blend of another zstd goes by its blocks, however many are new, and is asked about once', async (t) => {
  const { artist, farm } = await startStudio(t, { delta: { prefer: 'time' } })
  let grown = fresh(blocksFromBytes)
  await artist.upload('shot.blend', await compressed(savedBlend(1n, grown), strange))
  for (const [address, requests] of [
    [2n, 3],
    [3n, 2],
  ] as const) {
    grown = Buffer.concat([grown, fresh(8_000_000)])
    const edited = await compressed(savedBlend(address, grown), strange)
    const receipt = await artist.upload('shot.blend', edited)
    assert.ok(receipt.wireBytes < edited.length / 5, `${receipt.wireBytes} bytes`)
    assert.equal(receipt.requests, requests)
    assert.ok((await stored(farm, edited)).equals(edited))
  }
})

test('an artist who turns compression on or off sends what changed all the same', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', savedBlend(1n))
  for (const edited of [await compressed(savedBlend(2n)), savedBlend(3n)]) {
    const receipt = await artist.upload('shot.blend', edited)
    assert.ok(receipt.wireBytes < edited.length / 50, `${receipt.wireBytes} bytes`)
    assert.ok((await stored(farm, edited)).equals(edited))
  }
})

test('a compressed file is diffed against the uncompressed one that another artist submitted', async (t) => {
  const { artist, farm } = await startStudio(t)
  const theirs = savedBlend(1n)
  await artist.submit('lib/rock.blend', theirs)
  const { artist: other } = await startStudio(t, { farm })
  const mine = await compressed(savedBlend(2n))
  const receipt = await other.upload('lib/rock.blend', mine)
  assert.ok(receipt.wireBytes < mine.length / 50, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, mine)).equals(mine))
})

test('a .blend compressed by another zstd than its last version is sent whole', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', await compressed(savedBlend(1n)))
  const edited = await compressed(savedBlend(2n), strange)
  const receipt = await artist.upload('shot.blend', edited)
  assert.equal(receipt.wireBytes, edited.length)
  assert.ok((await stored(farm, edited)).equals(edited))
})

for (const whose of ['our', 'another'] as const)
  test(`any edit of a .blend that ${whose} zstd compressed arrives as it is, one after another`, (t) =>
    anyEdit(t, whose === 'our' ? plainPacker : strange))

async function anyEdit(t: TestContext, packer: Pick<FramePacker, 'pack'>): Promise<void> {
  const { artist, farm } = await startStudio(t)
  let blend = savedBlend(1n)
  await artist.upload('shot.blend', await compressed(blend, packer))
  const edits = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.constant(0), fc.nat(90), fc.nat(700_000)),
    insert: fc.oneof(fc.uint8Array({ maxLength: 90 }), fc.nat(500_000).map(fresh)),
  })
  for (const { at, remove, insert } of fc.sample(edits, 8)) {
    // Behind the first headers, which tell that it is a .blend.
    const from = 1000 + Math.floor(at * (blend.length - 1000))
    blend = Buffer.concat([blend.subarray(0, from), insert, blend.subarray(from + remove)])
    const edited = await compressed(blend, packer)
    await artist.upload('shot.blend', edited)
    assert.ok((await stored(farm, edited)).equals(edited), `${from}, -${remove} +${insert.length}`)
  }
}

test('what another zstd made is sent by its blocks, and next time without a look at what it holds', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', await compressed(savedBlend(1n), strange))
  for (const [address, requests] of [
    [2n, 3],
    [3n, 2],
  ] as const) {
    const edited = await compressed(savedBlend(address), strange)
    const receipt = await artist.upload('shot.blend', edited)
    assert.ok(receipt.wireBytes < edited.length / 20, `${receipt.wireBytes} bytes`)
    assert.equal(receipt.requests, requests)
    assert.ok((await stored(farm, edited)).equals(edited))
  }
})

test('a recipe that takes a frame from where none lies is refused', async (t) => {
  const { farm } = await startStudio(t)
  const base = blobOf(await compressed(savedBlend(1n)))
  await putBlob(farm.shaman, base)
  const length = 1 << 20
  const { sha, size } = base.digest
  for (const offset of [12, 13, 1 << 20]) {
    const head = encodeRecipe({
      size: length,
      bases: [{ digest: base.digest, unpackedSize: savedBlend(1n).length }],
      ops: [{ kind: 'copy', base: 0, offset, length }],
      literalCoding: 'none',
      dictionary: [],
      frames: [{ length, isCopied: true }],
    })
    const answer = await fetch(`${farm.url}/x/splice/${sha}/${size + 1}`, {
      method: 'POST',
      body: Buffer.from(head),
    })
    assert.equal(answer.status, 400)
    assert.match(await answer.text(), /copies a frame that no base has/)
  }
})

/** Frames with a checksum behind each, which Blender does not write. */
const strange: Pick<FramePacker, 'pack'> = {
  pack: async ({ literals }) =>
    zstdCompressSync(literals, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
}

const plainPacker = createFramePacker({ threads: 1 })
after(() => plainPacker.close())

/** As Blender saves with compression on: frames of 1 MiB or less. */
async function compressed(
  bytes: Buffer,
  packer: Pick<FramePacker, 'pack'> = plainPacker,
): Promise<Buffer> {
  return readAll(bytesOf(packFrames(ReadableStream.from(framesOf(bytes).map(asStep)), packer)))
}
