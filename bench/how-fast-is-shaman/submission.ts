import { join } from 'node:path'
import { createShamanClient, type UploadFile } from '@shaman-farm/shaman/client'
import type { Figure, QuestionContext } from '../harness/question.ts'
import { postEach } from './baselines.ts'
import { hashTree, makeFile, makeTree } from './data.ts'
import { type StoreServer, startStore } from './server.ts'

/**
 * A store that has been at work, as a farm's has for weeks: threads run and code is compiled, which takes V8 more than one
 * submission of a thousand files.
 */
export async function startWarmStore(
  { workDir, quick }: QuestionContext,
  name: string,
  durability: 'full' | 'none',
): Promise<StoreServer & { idleMiB: number }> {
  const store = await startStore(join(workDir, name), durability)
  const idleMiB = store.peakMiB()
  const count = quick ? 200 : 1000
  for (let round = 1; round <= (quick ? 1 : 4); round += 1) {
    const dir = join(workDir, `${name}-before-${round}`)
    const paths = makeTree(dir, count, () => 4096)
    if (round === 1) makeFile(join(dir, 'large.vdb'), (quick ? 16 : 64) << 20)
    const files = hashTree(dir, round === 1 ? [...paths, 'large.vdb'] : paths)
    await submit(store.url, files, `before ${round}`)
    await postEach(store.url, files.slice(0, count / 5), {
      connections: 1,
      checkout: `before ${round}, one by one`,
    })
  }
  return { ...store, idleMiB }
}

/** Uploads what is missing and makes the checkout, as a new client; `requests` with that for the checkout. */
export async function submit(
  url: string,
  files: UploadFile[],
  checkoutPath: string,
  clientId?: string,
): Promise<{ requests: number; wireBytes: number }> {
  const client = createShamanClient({ url, ...(clientId && { clientId }) })
  try {
    const { receipt } = await client.submit({ files, checkoutPath })
    return { requests: receipt.requests + 1, wireBytes: receipt.wireBytes }
  } finally {
    await client.close()
  }
}

/** A figure that says how many times our seconds are the baseline's, and how many they may be. */
export function ratio(
  name: string,
  ours: number,
  baseline: number,
  most: number,
  what: string,
  cause?: string,
): Figure {
  return {
    name: `${name}, of ${what}`,
    value: ours / baseline,
    unit: 'times',
    target: `<= ${most}`,
    met: ours <= most * baseline,
    baseline: `${ours.toFixed(2)} s against ${baseline.toFixed(2)} s`,
    ...(cause !== undefined && { cause }),
  }
}
