import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createShamanClient } from '../../src/client/main.ts'
import { bytesOf } from '../../src/delta/apply.ts'
import { createFramePacker } from '../../src/delta/frame-packer.ts'
import { packFrames } from '../../src/delta/pack-frames.ts'
import { createDeltaSender } from '../../src/delta/sender.ts'
import { afterwards } from '../support/afterwards.ts'
import { readAll, tempDir } from '../support/farm.ts'
import { startServer } from '../support/kill-loop.ts'
import { asStep, framesOf, fresh, makeBlend } from './blend-samples.ts'

const MiB = 1 << 20
const fileBytes = 256 * MiB
const mostGrown = 120 * MiB
// Half of it compresses, as a mesh does.
const payloads: Buffer[] = Array.from({ length: 32 }, () =>
  Buffer.concat([fresh(fileBytes / 64), Buffer.alloc(fileBytes / 64, 7)]),
)

function scene(address: bigint, extra: Buffer = Buffer.alloc(0)): Buffer {
  const blocks = payloads.map((payload) => ({ code: 'DATA', payload }))
  blocks.splice(10, 0, { code: 'ME', payload: extra })
  return makeBlend('64-little', blocks, address)
}

for (const [kind, prepare] of [
  ['an uncompressed', async (bytes: Buffer) => bytes],
  ['a compressed', compressed],
] as const) {
  test(`the memory of a server does not grow with the file when ${kind} .blend of 256 MiB is spliced`, async (t) => {
    if (process.platform !== 'linux') {
      return t.skip('the peak of a process is read from /proc')
    }
    const dir = await tempDir(t)
    const server = await startServer(join(dir, 'root'), join(dir, 'state'), { durability: 'none' })
    afterwards(t, () => server.child.kill('SIGKILL'))
    const delta = createDeltaSender({ dir: join(dir, 'history'), prefer: 'bytes' })
    const client = createShamanClient({ url: server.url, delta })
    afterwards(t, async () => {
      await client.close()
      await delta.close()
    })
    const file = join(dir, 'shot.blend')
    const save = async (bytes: Buffer): Promise<number> => {
      await writeFile(file, await prepare(bytes, t))
      const digest = await delta.hash(file)
      const uploaded = await client.upload({
        files: [{ path: 'shot.blend', digest, source: { file } }],
      })
      return uploaded.wireBytes
    }
    await save(scene(1n))
    const before = memoryOf(server.child.pid!, 'VmRSS')
    // Resets what the kernel has seen as the most.
    writeFileSync(`/proc/${server.child.pid}/clear_refs`, '5')
    const sent = await save(scene(99_999n, fresh(300_000)))
    assert.ok(sent > 300_000 && sent < 2 * MiB, `${sent} bytes were sent`)
    const grown = memoryOf(server.child.pid!, 'VmHWM') - before
    assert.ok(grown < mostGrown, `${Math.round(grown / MiB)} MiB more`)
    t.diagnostic(`${Math.round(grown / MiB)} MiB above ${Math.round(before / MiB)} MiB`)
  })
}

function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return 1024 * Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)![1])
}

async function compressed(bytes: Buffer, t: TestContext): Promise<Buffer> {
  const packer = createFramePacker()
  afterwards(t, () => packer.close())
  return readAll(bytesOf(packFrames(ReadableStream.from(framesOf(bytes).map(asStep)), packer)))
}
