import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createHttp } from '../../src/client/http.ts'
import { createShamanClient, type ShamanClient, type UploadFile } from '../../src/client/main.ts'
import {
  type Digest,
  digestFromKey,
  digestKey,
  digestOfFile,
  sameDigest,
} from '../../src/digest.ts'
import { openShaman } from '../../src/main.ts'
import type { Durability } from '../../src/sync.ts'
import { randomBlob, type TestBlob, tempDir, uploadFile } from './farm.ts'

const leaseMs = 100
const verifyEvery = 25

/** How long to go on killing, and from which seed: what work there is and when the kill comes follow from it. */
export interface KillLoop {
  kills: number
  seed: number
}

/** What the server has said is done, and must therefore be so after any number of kills. */
interface Acknowledged {
  blobs: Map<string, Digest>
  checkouts: Map<string, UploadFile[]>
}

/** Kills a working server again and again, then looks whether every promise was kept. */
export async function killLoop(t: TestContext, { kills, seed }: KillLoop): Promise<void> {
  const random = randomFrom(seed)
  const dir = await tempDir(t)
  const root = join(dir, 'root')
  const stateDir = join(dir, 'state')
  const done: Acknowledged = { blobs: new Map(), checkouts: new Map() }
  const struck = createPhases()
  const large = randomBlob(6_000_000)
  // Half of the kills come before anything of a round is acknowledged and half after, however fast the machine is.
  let paceMs = 150
  for (let kill = 0; kill < kills; kill += 1) {
    const before = done.blobs.size + done.checkouts.size
    const server = await startServer(root, stateDir)
    const largeOne = kill % 5 === 0 ? randomBlob(4_000_000) : large
    const work = doWork({ url: server.url, done, large: largeOne, random, struck })
    await new Promise((resolve) => setTimeout(resolve, random() * 2 * paceMs))
    paceMs *= done.blobs.size + done.checkouts.size > before ? 0.8 : 1.25
    struck.note()
    server.child.kill('SIGKILL')
    await once(server.child, 'exit')
    await work
    if (kill % verifyEvery === verifyEvery - 1 || kill === kills - 1) {
      await verify(root, stateDir, done)
    }
  }
  t.diagnostic(
    `seed ${seed}: ${kills} kills (${struck}), ${done.blobs.size} blobs and ${done.checkouts.size} checkouts acknowledged`,
  )
  assert.ok(done.blobs.size > kills / 2, 'the server got to do something between the kills')
  assert.ok(done.checkouts.size > 0)
}

/** Counts what went on when the kills came. */
interface Phases {
  during<T>(phase: string, action: () => Promise<T>): Promise<T>
  note(): void
  toString(): string
}

function createPhases(): Phases {
  const active = new Map<string, number>()
  const counts = new Map<string, number>()
  const change = (phase: string, by: number): void =>
    void active.set(phase, (active.get(phase) ?? 0) + by)
  return {
    async during(phase, action) {
      change(phase, 1)
      try {
        return await action()
      } finally {
        change(phase, -1)
      }
    },
    note() {
      for (const [phase, running] of active) {
        if (running > 0) counts.set(phase, (counts.get(phase) ?? 0) + 1)
      }
    },
    toString: () => Array.from(counts, ([phase, count]) => `${count} during ${phase}`).join(', '),
  }
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Starts a server process and waits for its address. */
export async function startServer(
  root: string,
  stateDir: string,
  { lease = leaseMs, durability = 'full' }: { lease?: number; durability?: Durability } = {},
): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL('server-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, root, stateDir, String(lease), durability], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '../compile-cache') },
  })
  const [line] = (await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the server did not start')
    }),
  ])) as [Buffer]
  return { child, url: String(line).trim() }
}

interface Work {
  url: string
  done: Acknowledged
  large: TestBlob
  random: () => number
  struck: Phases
}

async function doWork(work: Work): Promise<void> {
  const { url, done, large, struck } = work
  const client = createShamanClient({ url, retries: 0, clientId: 'the-same' })
  const jobs = [0, 1].map((lane) => submitMany(client, work, lane))
  const uploading = struck
    .during('a resumable upload', () => client.upload({ files: [uploadFile('large', large)] }))
    .then(() => done.blobs.set(digestKey(large.digest), large.digest))
  await Promise.allSettled([...jobs, uploading, eraseSome(work), collect(work)])
  await client.close()
}

async function submitMany(
  client: ShamanClient,
  { done, random, struck }: Work,
  lane: number,
): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    const files = Array.from({ length: 6 }, (_, k) =>
      uploadFile(`d${k % 3}/f${k}`, randomBlob(1 + Math.floor(random() * 20_000))),
    )
    await struck.during('a tar batch', () => client.upload({ files }))
    for (const { digest } of files) done.blobs.set(digestKey(digest), digest)
    const path = `show/job ${lane}`
    const { checkoutPath } = await struck.during('a checkout', () =>
      client.checkout({ files, path }),
    )
    done.checkouts.set(checkoutPath, files)
  }
}

async function eraseSome({ url, done, struck }: Work): Promise<void> {
  const http = createHttp({ url, retries: 0 })
  try {
    for (const path of [...done.checkouts.keys()].slice(0, -10)) {
      // From here on it may be gone, whatever is answered.
      done.checkouts.delete(path)
      await struck.during('an erasure', () =>
        http.send(`/x/checkouts/${encodeURIComponent(path)}`, { method: 'DELETE' }),
      )
    }
  } finally {
    await http.close()
  }
}

async function collect({ url, struck }: Work): Promise<void> {
  const http = createHttp({ url, retries: 0 })
  const once = async (): Promise<void> => {
    const plan = await http.json<{ id: string }>('/x/gc/plans', { json: { maxAgeSeconds: 0 } })
    await http
      .json(`/x/gc/plans/${plan.id}/apply`, { json: { evenIfLarge: true } })
      .catch((error: { status?: number }) => {
        // Refused: too soon after the last kill.
        if (error.status !== 409) throw error
      })
  }
  try {
    for (;;) {
      await struck.during('a collection', once)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    await http.close()
  }
}

async function verify(root: string, stateDir: string, done: Acknowledged): Promise<void> {
  const shaman = await openShaman({ root, stateDir, reserveBytes: 0 })
  try {
    for (const [path, files] of done.checkouts) {
      for (const file of files) {
        const bytes = await readFile(join(shaman.jobsDir, path, file.path))
        assert.deepEqual(bytes, (file.source as { bytes: Buffer }).bytes, `${path}/${file.path}`)
      }
    }
    const trash = await trashedKeys(shaman.layout.trash)
    for (const [key, digest] of done.blobs) {
      const isThere = shaman.blobs.isStored(digest) || trash.has(key)
      assert.ok(isThere, `the acknowledged blob ${key} is in the store or in the trash`)
    }
    for await (const digest of shaman.blobs.list()) {
      const onDisk = await digestOfFile(shaman.layout.blob(digest))
      assert.ok(sameDigest(onDisk, digest), `${digestKey(digest)} holds its own bytes`)
    }
    const { problems } = await shaman.fsck()
    assert.deepEqual(
      problems.filter(
        ({ kind }) =>
          kind === 'missing-blob' || kind === 'wrong-size' || kind === 'manifest-unreadable',
      ),
      [],
    )
    assert.deepEqual(
      (await readdir(shaman.jobsDir)).filter((name) => name.startsWith('.staging-')),
      [],
    )
  } finally {
    await shaman.close()
  }
}

async function trashedKeys(trash: string): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const name of await readdir(trash, { recursive: true })) {
    const digest = digestFromKey(name.slice(name.lastIndexOf('/') + 1))
    if (digest) keys.add(digestKey(digest))
  }
  return keys
}
