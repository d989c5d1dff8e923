import type { BlendError } from '../blend/errors.ts'
import type { PathReference } from './references.ts'
import type { Walker } from './walk.ts'

/** A .blend that was read, or could not be. */
export interface GatheredBlend {
  /** Where it lies, or is to be thought of. */
  readonly path: string
  /** The file that was read; the disk may spell it otherwise than `path`. */
  file: string
  readonly references: PathReference[]
  version?: number
  compression?: string
  size?: number
  error?: BlendError
  /** A library that is packed into the file that links it: its path is where it came from. */
  isPacked?: boolean
}

/** What is known about a .blend between visits: its walker remembers what it has seen. */
export interface Visit {
  readonly blend: GatheredBlend
  /** The bytes of a packed library. */
  readonly packed: Buffer | undefined
  walker: Walker | undefined
  /** Data-block names to enter. */
  readonly wanted: Set<string>
  readonly done: Set<string>
  /** The file that the trace began with: everything in it counts. */
  readonly isMain: boolean
}

/** The .blend files of a trace, each once; libraries wait until their data-blocks are wanted. */
export interface Visits {
  readonly main: Visit
  all(): Iterable<Visit>
  /** Asks for a data-block of a library. */
  want(library: LibraryPlace, name: string): void
  /** A library with data-blocks that are wanted and have not been entered. */
  next(): Visit | undefined
}

/** Where a library lies; a packed one is another than the file that it came from. */
export interface LibraryPlace {
  readonly path: string
  readonly packed?: { readonly bytes: Buffer; readonly within: string } | undefined
}

export function createVisits(path: string, file: string): Visits {
  const main = visit({ path, file, references: [] }, undefined, true)
  const visits = new Map([[path, main]])

  const at = ({ path, packed }: LibraryPlace): Visit => {
    const key = packed ? `${path}\0${packed.within}` : path
    const known = visits.get(key)
    if (known) return known
    const blend: GatheredBlend = { path, file: path, references: [] }
    if (packed) blend.isPacked = true
    const made = visit(blend, packed?.bytes, false)
    visits.set(key, made)
    return made
  }

  return {
    main,
    all: () => visits.values(),
    want(library, name) {
      const target = at(library)
      if (!target.done.has(name)) target.wanted.add(name)
    },
    next() {
      for (const one of visits.values()) {
        if (one.wanted.size > 0 && !one.isMain) return one
        one.wanted.clear()
      }
      return undefined
    },
  }
}

function visit(blend: GatheredBlend, packed: Buffer | undefined, isMain: boolean): Visit {
  return { blend, packed, walker: undefined, wanted: new Set(), done: new Set(), isMain }
}
