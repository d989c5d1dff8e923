import type { Digest } from '../digest.ts'
import { type Disk, makeDir, nextTurn, removeQuietly } from '../disk.ts'
import { isCode } from '../errors.ts'
import type { Layout } from '../layout.ts'
import type { PutOutcome, PutResult } from './blob-store.ts'
import { blobsOf, joined } from './thread-messages.ts'
import { asError, type Threads } from './threads.ts'

/** A file whose bytes are those of a blob, under no name of one yet. */
export interface VerifiedFile {
  readonly digest: Digest
  readonly temp: string
}

/** Gives verified files the names of their blobs. */
export interface Namer {
  /**
   * Resolves in their order; never rejects. A temp file whose blob was there already is removed; one that got no name is left.
   * Until then nobody else may rename from or to the places of these blobs, and no two of the files may be of the same blob.
   */
  name(files: readonly VerifiedFile[]): Promise<PutResult[]>
}

interface NamerParts {
  layout: Layout
  disk: Disk
  /** They name what comes in numbers. */
  threads?: Threads | undefined
  /** Whether there is no need to look for a blob before it is given its name. Default: there is. */
  isAbsent?(digest: Digest): boolean
}

// A slice of ~5 ms of synchronous calls; between slices requests are served.
const sliceLength = 48
// Below it a thread's answer takes longer than the work.
const threadsFrom = 128
const batchLength = 128

/** Creates the namer of a store. */
export function createNamer(parts: NamerParts): Namer {
  const { layout, disk, threads, isAbsent = () => false } = parts
  return {
    name: (files) =>
      threads && files.length >= threadsFrom ? nameInThreads(threads, files) : nameHere(files),
  }

  async function nameHere(files: readonly VerifiedFile[]): Promise<PutResult[]> {
    const results: PutResult[] = []
    for (const [i, file] of files.entries()) {
      if (i % sliceLength === sliceLength - 1) await nextTurn()
      results.push(attempt(() => lookAndRename(file)))
    }
    return results
  }

  async function nameInThreads(
    threads: Threads,
    files: readonly VerifiedFile[],
  ): Promise<PutResult[]> {
    const batches: Promise<PutResult[]>[] = []
    for (let at = 0; at < files.length; at += batchLength) {
      batches.push(nameInThread(threads, files.slice(at, at + batchLength)))
    }
    return (await Promise.all(batches)).flat()
  }

  async function nameInThread(
    { pick }: Threads,
    files: readonly VerifiedFile[],
  ): Promise<PutResult[]> {
    try {
      const digests = files.map(({ digest }) => digest)
      const answers = await pick('names').ask({
        do: 'name',
        temps: joined(files.map(({ temp }) => temp)),
        absent: Uint8Array.from(digests, (digest) => (isAbsent(digest) ? 1 : 0)),
        ...blobsOf(layout, digests),
      })
      return files.map((file, i) => {
        const answer = answers[i]!
        if (answer === 'named') return 'stored'
        if (answer === 'present') return presentAlready(file)
        return attempt(() => renameAfter(file, asError(answer)))
      })
    } catch (error) {
      // The thread has ended; how far it came shows on the disk.
      return files.map((file) => attempt(() => renameAfter(file, error)))
    }
  }

  function lookAndRename(file: VerifiedFile): PutOutcome {
    const { digest, temp } = file
    const blob = layout.blob(digest)
    const present = disk.lstatSync(blob)
    if (present?.isFile() && present.size === digest.size) return presentAlready(file)
    try {
      disk.renameSync(temp, blob)
      return 'stored'
    } catch (error) {
      return renameAfter(file, error)
    }
  }

  function presentAlready({ temp }: VerifiedFile): PutOutcome {
    removeQuietly(disk, temp)
    return 'already-stored'
  }

  /** What is left to do after a rename that failed. */
  function renameAfter(file: VerifiedFile, error: unknown): PutOutcome {
    const { digest, temp } = file
    const blob = layout.blob(digest)
    let reason = error
    // The directory is usually there already: an attempt costs less than asking, or than an error that it exists.
    if (isCode(error, 'ENOENT') && disk.lstatSync(temp) !== undefined) {
      try {
        makeDir(disk, layout.dirOf(digest))
        disk.renameSync(temp, blob)
        return 'stored'
      } catch (again) {
        reason = again
      }
    }
    // A reply lost by a network file system: the rename may have happened all the same.
    const after = disk.lstatSync(blob)
    const happened = after?.isFile() === true && after.size === digest.size
    if (!happened || disk.lstatSync(temp) !== undefined) throw reason
    return 'stored'
  }
}

function attempt(action: () => PutOutcome): PutResult {
  try {
    return action()
  } catch (error) {
    return error as Error
  }
}
