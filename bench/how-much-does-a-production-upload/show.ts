import { join } from 'node:path'
import { planPack, tracePack } from '@shaman-farm/pack'
import { digestOfFile } from '@shaman-farm/shaman'
import type { UploadFile } from '@shaman-farm/shaman/client'
import { execa } from 'execa'

const script = join(import.meta.dirname, 'show.py')

/** Has real Blender make the show, or do an artist's work in it: see `show.py`. */
export async function blender(args: string[]): Promise<void> {
  await execa(
    'blender',
    ['-b', '--factory-startup', '--python-exit-code', '42', '--python', script, '--', ...args],
    {
      timeout: 5 * 60_000,
    },
  )
}

/** What a submission of this .blend consists of. */
export async function filesOf(blend: string, show: string): Promise<UploadFile[]> {
  const plan = await planPack(await tracePack({ blend, project: show }))
  return Promise.all(
    plan.files.map(async ({ packPath, source }) => {
      const file = 'file' in source ? source.file : source.rewritten
      return { path: packPath, digest: await digestOfFile(file), source: { file } }
    }),
  )
}
