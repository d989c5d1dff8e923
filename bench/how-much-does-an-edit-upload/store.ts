import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createDeltaSender, createShamanClient } from '@shaman-farm/shaman/client'
import { digestOfFile } from '@shaman-farm/shaman/digest'
import { copyDurably } from './copy.ts'
import type { Cost } from './other-tools.ts'
import type { StoreRequest } from './store-process.ts'

/** A store in a process of its own and an artist's machine that has submitted a base to it. */
export interface Submitter {
  /** Sends an edit of the base as a resubmission under the same path would. */
  send(edited: string): Promise<Cost & { requests: number }>
  /** Sends a file under a name of its own, as one that nobody has sent before. */
  sendNew(file: string): Promise<void>
  close(): Promise<void>
}

export interface SubmitterOptions {
  /** Of the network between; none when undefined. */
  bytesPerSecond?: number | undefined
  /** As a sender's, or never a delta. Default `time`, as the sender's. */
  prefer?: 'time' | 'bytes' | 'whole'
}

/** Starts a store and submits `base`. */
export async function startSubmitter(
  workDir: string,
  base: string,
  { bytesPerSecond, prefer = 'time' }: SubmitterOptions = {},
): Promise<Submitter> {
  await mkdir(workDir, { recursive: true })
  const child = fork(join(import.meta.dirname, 'store-process.ts'), [join(workDir, 'store')])
  const direct = await ask<{ url: string }>(child)
  const { url } = bytesPerSecond ? await ask<{ url: string }>(child, { bytesPerSecond }) : direct
  const isWhole = prefer === 'whole'
  const delta = createDeltaSender({
    dir: join(workDir, 'history'),
    ...(!isWhole && { prefer }),
  })
  const client = createShamanClient({ url, ...(!isWhole && { delta }) })
  const file = join(workDir, 'shot.blend')
  const submit = async (): Promise<{
    wireBytes: number
    requests: number
    digest: { sha: string; size: number }
  }> => {
    const digest = isWhole ? await digestOfFile(file) : await delta.hash(file)
    const receipt = await client.upload({
      files: [{ path: 'shot.blend', digest, source: { file } }],
    })
    if (receipt.uploadedFiles !== 1) throw new Error('the store held the file already')
    return { wireBytes: receipt.wireBytes, requests: receipt.requests, digest }
  }
  await copyFile(base, file)
  await submit()

  return {
    async send(edited) {
      await copyFile(base, file)
      await delta.remember({ file, digest: await delta.hash(file) })
      // Saved a while ago, as far as the disk is concerned.
      await copyDurably(edited, file)
      const before = await ask<{ cpuSeconds: number }>(child, 'cpu')
      const ownBefore = ownCpuSeconds()
      const started = performance.now()
      const { wireBytes, requests, digest } = await submit()
      const wallMs = performance.now() - started
      const ownAfter = ownCpuSeconds()
      const after = await ask<{ cpuSeconds: number }>(child, 'cpu')
      await ask(child, { forget: digest })
      return {
        bytes: wireBytes,
        requests,
        wallMs,
        cpuSeconds: after.cpuSeconds - before.cpuSeconds + ownAfter - ownBefore,
      }
    },
    async sendNew(path) {
      const digest = await delta.hash(path)
      await client.upload({ files: [{ path: basename(path), digest, source: { file: path } }] })
      await ask(child, { forget: digest })
    },
    async close() {
      await client.close()
      await delta.close()
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function ask<T>(child: ChildProcess, request?: StoreRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    const answered = (message: T): void => {
      child.off('exit', ended)
      resolve(message)
    }
    const ended = (): void => {
      child.off('message', answered)
      reject(new Error('the store ended'))
    }
    child.once('message', answered).once('exit', ended)
    if (request !== undefined) child.send(request)
  })
}
