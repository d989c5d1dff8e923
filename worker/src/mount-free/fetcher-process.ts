import { createDownloads } from '@shaman-farm/shaman/client/downloads'
import { digestKey } from '@shaman-farm/shaman/digest'
import { serveWorker } from '../process/helper-side.ts'
import type { FetchNote, FetchQuestion } from './fetcher.ts'

// Notes are gathered: one message a file would cost as much as the file.
const noteMs = 50

serveWorker(async ({ url, authorization, wanted }: FetchQuestion, { signal, note }) => {
  const downloads = createDownloads({ url, authorization, parallel: 4 })
  let gathered: FetchNote = { keys: [], bytes: 0 }
  const tell = (): void => {
    if (gathered.bytes > 0 || gathered.keys.length > 0) note(gathered)
    gathered = { keys: [], bytes: 0 }
  }
  const timer = setInterval(tell, noteMs)
  try {
    await downloads.all(wanted, {
      signal,
      onBytes(bytes) {
        gathered.bytes += bytes
      },
      onFile({ digest }) {
        gathered.keys.push(digestKey(digest))
      },
    })
  } finally {
    clearInterval(timer)
    tell()
    downloads.close()
  }
})
