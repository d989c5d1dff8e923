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
import { randomBlob, type TestBlob, tempDir, uploadFile } from './farm.ts'

const leaseMs = 100

/** What the server has said is done, and must therefore be so after any number of kills. */
interface Acknowledged {
  blobs: Map<string, Digest>
  checkouts: Map<string, UploadFile[]>
}

/** Kills a working server again and again, then looks whether every promise was kept. */
export async function killLoop(t: TestContext, kills: number, random = Math.random): Promise<void> {
  const dir = await tempDir(t)
  const root = join(dir, 'root')
  const stateDir = join(dir, 'state')
  const done: Acknowledged = { blobs: new Map(), checkouts: new Map() }
  const large = randomBlob(6_000_000)
  // Half of the kills come before anything of a round is acknowledged and half after, however fast the machine is.
  let paceMs = 150
  for (let kill = 0; kill < kills; kill += 1) {
    const before = done.blobs.size + done.checkouts.size
    const server = await startServer(root, stateDir)
    const work = doWork(server.url, done, kill % 5 === 0 ? randomBlob(4_000_000) : large, random)
    await new Promise((resolve) => setTimeout(resolve, random() * 2 * paceMs))
    paceMs *= done.blobs.size + done.checkouts.size > before ? 0.8 : 1.25
    server.child.kill('SIGKILL')
    await once(server.child, 'exit')
    await work
    if (kill % 25 === 24 || kill === kills - 1) await verify(root, stateDir, done)
  }
  t.diagnostic(
    `${kills} kills, ${done.blobs.size} blobs and ${done.checkouts.size} checkouts acknowledged`,
  )
  assert.ok(done.blobs.size > kills / 2, 'the server got to do something between the kills')
  assert.ok(done.checkouts.size > 0)
}

/** Starts a server process and waits for its address. */
export async function startServer(
  root: string,
  stateDir: string,
  lease = leaseMs,
): Promise<{ child: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL('server-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, root, stateDir, String(lease)], {
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

async function doWork(
  url: string,
  done: Acknowledged,
  large: TestBlob,
  random: () => number,
): Promise<void> {
  const client = createShamanClient({ url, retries: 0, clientId: 'the-same' })
  const jobs = [0, 1].map((i) => submitMany(client, done, i, random))
  const uploading = client
    .upload({ files: [uploadFile('large', large)] })
    .then(() => done.blobs.set(digestKey(large.digest), large.digest))
  await Promise.allSettled([...jobs, uploading, eraseSome(url, done), collect(url)])
  await client.close()
}

async function submitMany(
  client: ShamanClient,
  done: Acknowledged,
  lane: number,
  random: () => number,
): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    const files = Array.from({ length: 6 }, (_, k) =>
      uploadFile(`d${k % 3}/f${k}`, randomBlob(1 + Math.floor(random() * 20_000))),
    )
    await client.upload({ files })
    for (const { digest } of files) done.blobs.set(digestKey(digest), digest)
    const { checkoutPath } = await client.submit({ files, checkoutPath: `show/job ${lane}` })
    done.checkouts.set(checkoutPath, files)
  }
}

async function eraseSome(url: string, done: Acknowledged): Promise<void> {
  const http = createHttp({ url, retries: 0 })
  try {
    for (const path of [...done.checkouts.keys()].slice(0, -10)) {
      // From here on it may be gone, whatever is answered.
      done.checkouts.delete(path)
      await http.send(`/x/checkouts/${encodeURIComponent(path)}`, { method: 'DELETE' })
    }
  } finally {
    await http.close()
  }
}

async function collect(url: string): Promise<void> {
  const http = createHttp({ url, retries: 0 })
  try {
    for (;;) {
      const plan = await http.json<{ id: string }>('/x/gc/plans', { json: { maxAgeSeconds: 0 } })
      await http
        .json(`/x/gc/plans/${plan.id}/apply`, { json: { evenIfLarge: true } })
        .catch((error: { status?: number }) => {
          // Refused: too soon after the last kill.
          if (error.status !== 409) throw error
        })
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
