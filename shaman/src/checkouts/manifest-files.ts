import { constants } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { allEnded } from '../all-ended.ts'
import { type Disk, removeQuietly, writeAllSync } from '../disk.ts'
import { isCode, ShamanError } from '../errors.ts'
import type { Layout } from '../layout.ts'
import {
  decodeHeader,
  decodeManifest,
  decodeRecords,
  encodeManifest,
  headerBytes,
  type Manifest,
  type ManifestHeader,
} from '../manifest.ts'
import { patiently } from '../patience.ts'
import type { Durability, Syncer } from '../sync.ts'

/** The manifests of a store's checkouts as files, by the checkouts' numbers. */
export interface ManifestFiles {
  /** Writes a manifest whole or not at all; it gets its name once that is durable and `meanwhile` is done. */
  write(manifest: Manifest, meanwhile?: () => Promise<void>): Promise<void>
  /** Throws `CHECKOUT_MISSING` when it was removed. */
  read(seq: number): Promise<Manifest>
  /** The digests alone, as 40-byte records. */
  records(seq: number): Promise<Buffer>
  /** The header, from a file's first bytes. */
  header(path: string): Promise<ManifestHeader>
  /** Removes a manifest, durably. */
  remove(seq: number): Promise<void>
}

/** What {@link createManifestFiles} works with. */
export interface ManifestFilesParts {
  layout: Layout
  disk: Disk
  syncer: Syncer
  durability: Durability
}

/** Creates what reads and writes manifests. */
export function createManifestFiles(parts: ManifestFilesParts): ManifestFiles {
  const { layout, disk, syncer, durability } = parts
  const syncDirectory = async (): Promise<void> => {
    if (durability !== 'none') await syncer.sync([], [layout.manifests])
  }

  return {
    async write(manifest, meanwhile = async () => {}) {
      const final = layout.manifest(manifest.header.seq)
      const temp = `${final}.tmp`
      removeQuietly(disk, temp)
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY
      const fd = disk.openSync(temp, flags, 0o666)
      try {
        try {
          writeAllSync(disk, fd, encodeManifest(manifest))
          if (durability !== 'none') await allEnded([disk.fdatasync(fd), meanwhile()])
        } finally {
          disk.closeSync(fd)
        }
        await patiently(() => disk.renameSync(temp, final))
      } catch (error) {
        removeQuietly(disk, temp)
        throw error
      }
      await syncDirectory()
    },
    async read(seq) {
      try {
        return decodeManifest(await readFile(layout.manifest(seq)))
      } catch (error) {
        if (!isCode(error, 'ENOENT')) throw error
        throw new ShamanError('CHECKOUT_MISSING', 'the checkout was removed meanwhile')
      }
    },
    records: async (seq) => decodeRecords(await readFile(layout.manifest(seq))).records,
    async header(path) {
      const file = await open(path, 'r')
      try {
        const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(headerBytes) })
        return decodeHeader(buffer.subarray(0, bytesRead))
      } finally {
        await file.close()
      }
    },
    async remove(seq) {
      disk.unlinkSync(layout.manifest(seq))
      await syncDirectory()
    },
  }
}
