import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { WantedFile } from '../../src/client/main.ts'
import { digestOf } from '../../src/digest.ts'
import { blobOf, randomBlob, startTestFarm, tempDir } from '../support/farm.ts'

async function storedFarm(t: TestContext, blobs: ReturnType<typeof randomBlob>[]) {
  const farm = await startTestFarm(t)
  const files = blobs.map(({ digest, bytes }, i) => ({
    path: `f${i}`,
    digest,
    source: { bytes },
  }))
  await farm.client.upload({ files })
  const dir = await tempDir(t)
  const wanted = blobs.map(({ digest }, i) => ({ digest, toFile: join(dir, `d${i % 7}`, `${i}`) }))
  return { ...farm, dir, wanted }
}

async function assertAllThere(wanted: readonly WantedFile[]): Promise<void> {
  for (const { digest, toFile } of wanted) {
    assert.deepEqual(digestOf(await readFile(toFile)), digest)
    assert.equal((await stat(toFile)).mode & 0o222, 0, 'nobody writes to it')
  }
}

test('many blobs come back verified, the small ones in few requests', async (t) => {
  const blobs = Array.from({ length: 600 }, (_, i) => randomBlob(1 + ((i * 7919) % 40_000)))
  blobs.push(randomBlob(3_000_000), randomBlob(1 << 20), blobOf(''))
  const { client, wanted, dir } = await storedFarm(t, blobs)
  const arrived = new Set<string>()
  let bytes = 0
  await client.downloadAll(wanted, {
    onFile: ({ toFile }) => void arrived.add(toFile),
    onBytes(more) {
      bytes += more
    },
  })
  await assertAllThere(wanted)
  assert.equal(arrived.size, wanted.length)
  assert.equal(
    bytes,
    wanted.reduce((sum, { digest }) => sum + digest.size, 0),
  )
  const left = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.part'))
  assert.deepEqual(left, [])
})

test('what a killed download left is no obstacle', async (t) => {
  const { client, wanted } = await storedFarm(t, [randomBlob(5000), randomBlob(2_000_000)])
  for (const { toFile } of wanted) {
    await mkdir(join(toFile, '..'), { recursive: true })
    await writeFile(`${toFile}.part`, 'not what it should be')
  }
  await chmod(`${wanted[0]!.toFile}.part`, 0o444)
  // The large one continues where the part ends, finds it wrong, and begins anew the next time.
  await assert.rejects(client.downloadAll(wanted), { code: 'BLOB_DAMAGED' })
  await client.downloadAll(wanted)
  await assertAllThere(wanted)
})

test('a blob that the store lacks is told by code, and leaves nothing under its name', async (t) => {
  const { client, wanted, dir } = await storedFarm(t, [randomBlob(5000)])
  const lost = { digest: digestOf(Buffer.from('never stored')), toFile: join(dir, 'lost') }
  await assert.rejects(client.downloadAll([...wanted, lost]), { code: 'BLOB_MISSING', status: 404 })
  await assert.rejects(stat(lost.toFile), { code: 'ENOENT' })
})

test('a disk that cannot be written is told at once', async (t) => {
  const { client, wanted, dir } = await storedFarm(t, [randomBlob(5000)])
  await writeFile(join(dir, 'file'), '')
  const toFile = join(dir, 'file', 'x')
  await assert.rejects(client.downloadAll([{ digest: wanted[0]!.digest, toFile }]), {
    code: 'ENOTDIR',
  })
})
