import { type BlendFile, openBlend, openPackedBlend } from '../blend/reader.ts'

/** Opens .blend files, and closes them when others need the place. */
export interface OpenFiles {
  open(path: string, packed: Buffer | undefined): Promise<BlendFile>
  closeAll(): void
}

const filesKeptOpen = 8

/** Keeps the last few files open: cyclic libraries are visited more than once. */
export function openFiles(): OpenFiles {
  const open = new Map<string, BlendFile>()
  return {
    async open(path, packed) {
      if (packed) return openPackedBlend(path, packed)
      const known = open.get(path)
      open.delete(path)
      const file = known ?? (await openBlend(path))
      open.set(path, file)
      if (open.size > filesKeptOpen) {
        const [oldest, old] = open.entries().next().value as [string, BlendFile]
        old.close()
        open.delete(oldest)
      }
      return file
    },
    closeAll() {
      for (const file of open.values()) file.close()
      open.clear()
    },
  }
}
