import type { ShamanClient, ShamanClientOptions } from '@shaman-farm/shaman/client'
import { createDownloads, type Downloads } from '@shaman-farm/shaman/client/downloads'

/** The farm's store, as far as a worker asks it. */
export interface Store {
  manifest: Downloads['manifest']
  upload: ShamanClient['upload']
  close(): Promise<void>
}

/** What sends is loaded with the first output: a worker that sees the farm's storage never needs it. */
export function openStore(options: ShamanClientOptions): Store {
  const downloads = createDownloads({ ...options, parallel: 1 })
  let sender: Promise<ShamanClient> | undefined
  const load = async (): Promise<ShamanClient> =>
    (await import('@shaman-farm/shaman/client')).createShamanClient(options)
  return {
    manifest: downloads.manifest,
    async upload(request) {
      sender ??= load()
      return (await sender).upload(request)
    },
    async close() {
      downloads.close()
      await (await sender)?.close()
    },
  }
}
