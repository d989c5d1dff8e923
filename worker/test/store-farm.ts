import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { TestContext } from 'node:test'
import { openShaman, type Shaman, shamanRoutes } from '@shaman-farm/shaman'
import { createShamanClient } from '@shaman-farm/shaman/client'
import { type Digest, digestOfFile } from '@shaman-farm/shaman/digest'
import { type StandIn, startStandIn } from './manager-stand-in.ts'
import { tempDir } from './temp.ts'

/** Storage that no machine has. */
export const nowhere = '/nowhere/farm'

export interface Output extends Digest {
  path: string
  frame?: number
  task_id: string
}

export interface StoreFarm {
  manager: StandIn
  shaman: Shaman
  outputs: Output[]
  /** What the manager says a worker will need next. */
  upcoming: string[]
}

/** A manager with a real store, whose storage is mounted nowhere. */
export async function startStoreFarm(
  t: TestContext,
  jobsDir = `${nowhere}/jobs`,
): Promise<StoreFarm> {
  const dir = await tempDir(t)
  const shaman = await openShaman({
    root: join(dir, 'storage'),
    stateDir: join(dir, 'state'),
    durability: 'none',
  })
  const outputs: Output[] = []
  const upcoming: string[] = []
  const manager = await startStandIn(t, {
    async extend(app) {
      await app.register(shamanRoutes, { shaman, prefix: '/api/v3/shaman' })
      app.get('/api/v3/configuration/shared-storage/workers/:platform', async () => ({
        location: jobsDir,
        audience: 'workers',
        platform: 'linux',
        shamanEnabled: true,
      }))
      app.get('/api/v3/farm/worker/upcoming', async () => ({ checkouts: upcoming }))
      app.post('/api/v3/farm/jobs/:id/outputs/store', async () => ({ files: outputs }))
      app.post('/api/v3/farm/worker/task/:id/outputs', async (request, reply) => {
        const { files } = request.body as { files: Omit<Output, 'task_id'>[] }
        for (const file of files) {
          outputs.push({ ...file, task_id: (request.params as { id: string }).id })
        }
        return reply.code(204).send()
      })
    },
  })
  t.after(() => shaman.close())
  return { manager, shaman, outputs, upcoming }
}

/** Puts a folder into the store as a checkout. */
export async function submitFolder(
  farm: StoreFarm,
  dir: string,
  checkoutPath: string,
): Promise<string> {
  const names = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map(async (file) => ({
        path: relative(dir, file),
        digest: await digestOfFile(file),
        source: { file },
      })),
  )
  const client = createShamanClient({ url: farm.manager.url })
  const made = await client.submit({ files, checkoutPath })
  await client.close()
  return made.checkoutPath
}
