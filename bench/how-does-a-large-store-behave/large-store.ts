import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Digest, digestOf, openShaman, type Shaman } from '@shaman-farm/shaman'

/** How much is in a store; its checkouts overlap, as those of a show's shots do. */
export interface StoreSize {
  blobs: number
  checkouts: number
  filesEach: number
}

const pageLength = 10_000
const realBlobs = 200
const monthMs = 31 * 24 * 3600 * 1000

/** Makes a store that was last used two months ago; returns the addresses of blobs that exist as files too. */
export async function makeLargeStore(dir: string, size: StoreSize): Promise<string[]> {
  const then = Date.now() - 2 * monthMs
  const shaman = await openShaman({
    root: join(dir, 'storage'),
    stateDir: join(dir, 'state'),
    durability: 'none',
    now: () => then,
  })
  try {
    // A new store looks which blobs exist as files, and forgets the others.
    await shaman.ready
    await indexBlobs(shaman, size, Math.floor(then / 1000))
    for (let i = 0; i < size.checkouts; i += 1) await addCheckout(shaman, size, i)
    await shaman.catalog.idle()
    return await putReal(shaman)
  } finally {
    await shaman.close()
  }
}

async function indexBlobs(shaman: Shaman, { blobs }: StoreSize, time: number): Promise<void> {
  const record = { storedAt: time, lastUse: time, verifiedAt: time }
  for (let at = 0; at < blobs; at += pageLength) {
    const length = Math.min(pageLength, blobs - at)
    const page = Array.from({ length }, (_, i) => digestNumber(at + i))
    await shaman.index.putBlobs(page.map((digest) => [digest, record] as const))
    shaman.counters.found(page)
  }
}

/** Each shares most of its files with the next; what is left at the end no checkout needs. */
async function addCheckout(shaman: Shaman, size: StoreSize, number: number): Promise<void> {
  const step = Math.floor((0.95 * size.blobs - size.filesEach) / size.checkouts)
  const path = `show/shot ${number}`
  const digests = Array.from({ length: size.filesEach }, (_, i) => digestNumber(number * step + i))
  const files = digests.map((digest, i) => ({ ...digest, path: `set ${i % 100}/texture ${i}.png` }))
  mkdirSync(join(shaman.jobsDir, path), { recursive: true })
  const staging = `.staging-${number}`
  const makeDurable = async (): Promise<void> => {}
  const { seq } = await shaman.catalog.add({ path, staging, files, digests, makeDurable })
  shaman.catalog.publish(seq, digests)
}

async function putReal(shaman: Shaman): Promise<string[]> {
  const addresses: string[] = []
  for (let i = 0; i < realBlobs; i += 1) {
    const bytes = Buffer.from(`blob ${i}`)
    const digest = digestOf(bytes)
    await shaman.blobs.putBytes(digest, bytes)
    addresses.push(`files/${digest.sha}/${digest.size}`)
  }
  return addresses
}

function digestNumber(number: number): Digest {
  const sha = createHash('sha256').update(String(number)).digest('hex')
  return { sha, size: 1000 + (number % 1_000_000) }
}
