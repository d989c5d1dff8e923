import { copyFile, open, rm } from 'node:fs/promises'

/** Copies a file and has it written to the disk, which else does that beside whatever is measured next. */
export async function copyDurably(from: string, to: string): Promise<void> {
  await rm(to, { force: true })
  await copyFile(from, to)
  const file = await open(to)
  await file.sync()
  await file.close()
}
