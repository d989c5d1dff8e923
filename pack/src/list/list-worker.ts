import { parentPort, workerData } from 'node:worker_threads'
import type { PackErrorCode } from '../errors.ts'
import { type Listing, type ListOptions, listFile } from './list.ts'

/** What a thread says about a file; errors do not keep their facts on the way. */
export type Answer = { readonly listing: Listing } | { readonly problem: Problem }

interface Problem {
  /** Absent for a defect of ours. */
  readonly code: PackErrorCode | undefined
  readonly message: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly hint?: string
}

const options = workerData as ListOptions

parentPort?.on('message', async (blend: string) => {
  parentPort?.postMessage(await answer(blend))
})

async function answer(blend: string): Promise<Answer> {
  try {
    return { listing: await listFile(blend, options) }
  } catch (error) {
    const { code, message, detail, hint } = error as Problem
    return { problem: { code, message, detail: detail ?? {}, ...(hint ? { hint } : {}) } }
  }
}
