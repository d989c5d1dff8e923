import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ChunkHasher, createChunkHasher } from '../../src/delta/chunk-and-hash.ts'
import { digestOf } from '../../src/digest.ts'
import { startTestFarm } from '../support/farm.ts'
import { startWay } from '../support/way.ts'
import { savedBlend, startStudio, stored } from './artist.ts'
import { fresh } from './blend-samples.ts'

test('an edited file is sent as what changed, in two requests', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', savedBlend(1n))
  const edited = savedBlend(99_999n, fresh(5000))
  const receipt = await artist.upload('shot.blend', edited)
  assert.equal(receipt.uploadedBytes, edited.length)
  assert.ok(receipt.wireBytes < edited.length / 100, `${receipt.wireBytes} bytes`)
  assert.equal(receipt.requests, 2)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('the bytes a save always changes are sent against those it replaced', async (t) => {
  const first = await startStudio(t)
  await first.artist.upload('shot.blend', savedBlend(1n))
  const known = await first.artist.upload('shot.blend', savedBlend(77_777n))
  const other = await startStudio(t, { farm: first.farm })
  await first.farm.client.checkout({
    files: [{ path: 'shot.blend', digest: digestOf(savedBlend(1n)) }],
    path: 'job',
  })
  const unknown = await other.artist.upload('shot.blend', savedBlend(77_778n))
  assert.ok(known.wireBytes < unknown.wireBytes, `${known.wireBytes} < ${unknown.wireBytes}`)
})

test('a file another artist has submitted is diffed against their version', async (t) => {
  const { artist, farm } = await startStudio(t)
  const theirs = savedBlend(1n)
  await artist.submit('lib/rock.blend', theirs)
  const { artist: other } = await startStudio(t, { farm })
  const mine = savedBlend(5_555n)
  const receipt = await other.upload('assets/rock.blend', mine)
  assert.ok(receipt.wireBytes < mine.length / 100)
  assert.ok((await stored(farm, mine)).equals(mine))
})

test('a new version of a shot, under a name with the next number, is diffed against the one before', async (t) => {
  const { artist, farm } = await startStudio(t)
  const before = savedBlend(1n)
  await artist.submit('seq/shot_v001.blend', before)
  const after = savedBlend(9_999n)
  const receipt = await artist.upload('seq/shot_v002.blend', after)
  assert.ok(receipt.wireBytes < after.length / 100, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, after)).equals(after))
})

test('a file that shares nothing with its last version is sent whole', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('cache.vdb', fresh(2_000_000))
  const target = fresh(2_000_000)
  const receipt = await artist.upload('cache.vdb', target)
  assert.equal(receipt.wireBytes, target.length)
  assert.ok((await stored(farm, target)).equals(target))
})

test('a base the store has lost makes the client send the whole file', async (t) => {
  const { artist, farm } = await startStudio(t)
  const base = savedBlend(1n)
  await artist.upload('shot.blend', base)
  assert.equal(await farm.shaman.blobs.delete(digestOf(base)), true)
  const edited = savedBlend(2n)
  await artist.upload('shot.blend', edited)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('a file that changed after it was hashed is not stored under its old digest', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', savedBlend(1n))
  const promised = savedBlend(2n)
  await assert.rejects(artist.upload('shot.blend', promised, { butHolds: savedBlend(3n) }))
  assert.equal(farm.shaman.blobs.isStored(digestOf(promised)), false)
})

test('a file whose digest comes from elsewhere is cut when it is sent, in no more requests', async (t) => {
  const { artist, farm } = await startStudio(t)
  await artist.upload('shot.blend', savedBlend(1n), { isHashed: true })
  const edited = savedBlend(2n)
  const receipt = await artist.upload('shot.blend', edited, { isHashed: true })
  assert.ok(receipt.wireBytes < edited.length / 100, `${receipt.wireBytes} bytes`)
  assert.equal(receipt.requests, 2)
  assert.ok((await stored(farm, edited)).equals(edited))
})

test('a file goes whole where the network outruns the store, and as a delta again where it does not', async (t) => {
  const { artist, farm } = await startStudio(t, { delta: { prefer: 'time' } })
  const linkOf = async (bytesPerSecond: number): Promise<void> => {
    for (let times = 0; times < 3; times++) {
      const sent = { bytes: 100_000_000, ms: 100_000_000_000 / bytesPerSecond }
      await artist.delta.sentWhole(farm.shaman.storeId, sent)
    }
  }
  let address = 1n
  const wireShare = async (): Promise<number> => {
    const edited = savedBlend(address++)
    const { wireBytes } = await artist.upload('shot.blend', edited)
    assert.ok((await stored(farm, edited)).equals(edited))
    return wireBytes / edited.length
  }
  assert.equal(await wireShare(), 1)
  await linkOf(1e12)
  // How quick a splice is has to be found out first.
  assert.ok((await wireShare()) < 0.01)
  assert.ok((await wireShare()) < 0.01)
  assert.equal(await wireShare(), 1)
  await linkOf(1e4)
  assert.ok((await wireShare()) < 0.01)
})

for (const fault of ['500', '503', 'a broken connection'] as const) {
  test(`a splice that ends with ${fault} makes the client send the whole file`, async (t) => {
    const farm = await startTestFarm(t, { durability: 'none' })
    const url = await startFaultyWay(t, farm.server.url, fault)
    const { artist } = await startStudio(t, { farm, url })
    await artist.upload('shot.blend', savedBlend(1n))
    const edited = savedBlend(2n)
    const receipt = await artist.upload('shot.blend', edited)
    assert.ok(receipt.wireBytes >= edited.length)
    assert.ok((await stored(farm, edited)).equals(edited))
  })
}

test('a store that cannot tell a base is sent the whole file', async (t) => {
  const farm = await startTestFarm(t, { durability: 'none' })
  const url = await startFaultyWay(t, farm.server.url, '500', '/x/bases')
  const { artist } = await startStudio(t, { farm, url })
  const first = savedBlend(1n)
  const receipt = await artist.upload('shot.blend', first)
  assert.equal(receipt.wireBytes, first.length)
})

test('a path whose versions share nothing is not looked at for a while, then again', async (t) => {
  const hasher = createChunkHasher()
  let looks = 0
  const counting: ChunkHasher = {
    ...hasher,
    chunk(...given) {
      looks += 1
      return hasher.chunk(...given)
    },
    chunkAndHash(...given) {
      looks += 1
      return hasher.chunkAndHash(...given)
    },
  }
  const { artist, farm } = await startStudio(t, { delta: { hasher: counting } })
  const looked: boolean[] = []
  let last: Buffer = Buffer.alloc(0)
  for (let version = 0; version < 6; version++) {
    const before = looks
    last = fresh(2_000_000)
    assert.equal((await artist.upload('render.exr', last)).wireBytes, last.length)
    looked.push(looks > before)
  }
  // Unlike the first, unlike again, three rests; the last of them is cut to be compared with.
  assert.deepEqual(looked, [true, true, true, false, false, true])
  last.fill(7, 1_000_000, 1_000_100)
  const receipt = await artist.upload('render.exr', last)
  assert.ok(receipt.wireBytes < last.length / 10, `${receipt.wireBytes} bytes`)
  assert.ok((await stored(farm, last)).equals(last))
})

/** A way to the farm on which one kind of request fails. */
async function startFaultyWay(
  t: TestContext,
  to: string,
  fault: '500' | '503' | 'a broken connection',
  on = '/x/splice/',
): Promise<string> {
  return await startWay(t, to, (request, response) => {
    if (!request.url!.includes(on)) return undefined
    if (fault === 'a broken connection') request.socket.destroy()
    else request.resume().on('end', () => response.writeHead(Number(fault)).end())
    return 'answered'
  })
}
