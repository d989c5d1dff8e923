import { stat } from 'node:fs/promises'
import {
  createShamanClient,
  type DeltaSender,
  type UploadFile,
  type UploadReceipt,
} from '@shaman-farm/shaman/client'
import { systemCode } from '../errors.ts'
import type { HashCache } from './hash-cache.ts'
import { type HashedFile, hashFiles } from './hash-files.ts'
import type { SubmissionPlan, SubmitAudience, SubmitRequest } from './submission.ts'

/** Digests of everything in a plan, by path in the checkout. */
export type PlanDigests = ReadonlyMap<string, HashedFile>

/** What a plan's bytes need on their way to the farm. */
export interface SendContext {
  request: SubmitRequest
  plan: SubmissionPlan
  cache: HashCache
  delta: DeltaSender
  audience: SubmitAudience
}

// For as long as a submission takes, the person's look at the report included.
const mostKept = 64 << 20

/** Hashes what the plan names; files on disk through the cache. */
export async function hashPlan({
  plan,
  cache,
  delta,
  audience,
}: SendContext): Promise<PlanDigests> {
  const byFile = await hashFiles(
    plan.files.map(({ file }) => file),
    {
      cache,
      delta,
      keep: mostKept,
      ...(audience.signal ? { signal: audience.signal } : {}),
      ...(audience.onHash ? { onProgress: audience.onHash } : {}),
    },
  )
  return new Map(plan.files.map(({ packPath, file }) => [packPath, byFile.get(file)!]))
}

/** Uploads what the farm lacks and makes the checkout. */
export async function sendPlan(
  context: SendContext,
  digests: PlanDigests,
  checkoutPath: string,
): Promise<{ checkoutPath: string; receipt: UploadReceipt }> {
  try {
    return await submitOnce(context, digests, checkoutPath)
  } catch (error) {
    context.audience.signal?.throwIfAborted()
    // Either a file changed after it was hashed, or its times lied about it. Once more, believing nothing of those.
    if (mismatchCodes.includes(systemCode(error) ?? '')) await forgetAll(context)
    const now = await hashPlan(context)
    if (sameDigests(digests, now)) throw error
    return submitOnce(context, now, checkoutPath)
  }
}

const mismatchCodes = ['BLOB_SIZE_MISMATCH', 'BLOB_DIGEST_MISMATCH', 'HTTP_417']

async function submitOnce(
  { request, plan, delta, audience }: SendContext,
  digests: PlanDigests,
  checkoutPath: string,
): Promise<{ checkoutPath: string; receipt: UploadReceipt }> {
  const client = createShamanClient({
    url: request.manager,
    delta,
    ...(request.token === undefined ? {} : { token: request.token }),
  })
  const files = plan.files.map(({ packPath, file }): UploadFile => {
    const { sha, size, bytes } = digests.get(packPath)!
    return { path: packPath, digest: { sha, size }, source: bytes ? { bytes } : { file } }
  })
  try {
    return await client.submit({
      files,
      checkoutPath,
      ...(audience.signal ? { signal: audience.signal } : {}),
      ...(audience.onUpload ? { onProgress: audience.onUpload } : {}),
    })
  } finally {
    await client.close()
  }
}

function sameDigests(a: PlanDigests, b: PlanDigests): boolean {
  return [...a].every(([path, { sha }]) => b.get(path)?.sha === sha)
}

async function forgetAll({ plan, cache }: SendContext): Promise<void> {
  for (const { file } of plan.files) {
    const stats = await stat(file, { bigint: true }).catch(() => undefined)
    if (stats) cache.forget(file, stats)
  }
}
