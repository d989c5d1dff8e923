import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { ShamanError } from './errors.ts'
import { type IndexDb, openIndex } from './index-db.ts'
import { type Layout, layoutOf } from './layout.ts'
import { takeOwnership } from './ownership.ts'
import { makeDirectories, openSentinel } from './sentinel.ts'
import { layoutOnVolumes } from './volumes.ts'

/** A store that is ours alone: its index is open and its lock taken. */
export interface HeldStore {
  layout: Layout
  index: IndexDb
  /** New with every start. */
  serverId: string
  storeId: string
  /** The index knows nothing of this store yet. */
  isNew: boolean
  /** The index has every blob and reference of this store; false until a first reading of the files came to its end. */
  isIndexed: boolean
  markIndexed(): Promise<void>
  release(): Promise<void>
}

/** Opens the index and takes the store's lock, or neither. */
export async function holdStore(
  root: string,
  stateDir: string,
  options: { now: () => number; log: Logger; blobsIn: string | undefined },
): Promise<HeldStore> {
  const { now, log, blobsIn } = options
  const index = await openIndex(join(stateDir, 'index.ldb'))
  try {
    const knownId = await index.getState<string>('store')
    const { id, layout: version } = await openSentinel(root, knownId, { now, blobsIn })
    const given = layoutOf(root, version)
    const layout = await layoutOnVolumes(given)
    const isApart = layout !== given
    if (!isApart && (await index.getState<string>('apart')) === id) throw notMounted(layout)
    await makeDirectories(layout)
    const serverId = randomUUID()
    const ownership = await takeOwnership(layout.ownerLock, serverId, {
      now,
      onLost: (error) => log.error({ err: error }, 'store lock not renewed'),
    })
    const isNew = knownId !== id
    if (isNew) await index.clear()
    await index.setState('store', id)
    if (isApart) await index.setState('apart', id)
    const isIndexed = (await index.getState<string>('indexed')) === id
    return {
      layout,
      index,
      serverId,
      storeId: id,
      isNew,
      isIndexed,
      markIndexed: () => index.setState('indexed', id),
      async release() {
        await ownership.release()
        await index.close()
      },
    }
  } catch (error) {
    await index.close()
    throw error
  }
}

/** Blobs that had a volume of their own are on none now; that must not be taken for an empty store. */
function notMounted({ stored }: Layout): ShamanError {
  return new ShamanError('STORE_ABSENT', `the volume of ${stored} is not there`, {
    hint: 'It is probably not mounted. If the blobs were moved, remove the state directory too.',
  })
}
