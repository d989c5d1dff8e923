import type { Layout } from './layout.ts'
import type { DependencyKind, PathReference } from './references.ts'
import type { PathMapping } from './stored-path.ts'

/** How a dependency was found on disk. */
export type FileStatus =
  | 'ok'
  /** There, but outside the project; it goes into a folder of its own. */
  | 'outside'
  | 'missing'
  /** Frames that a sequence should have. */
  | 'gap'
  | 'unreadable'
  /** There under a name that differs in case or Unicode form; the pack has it as the .blend spells it. */
  | 'case-mismatch'

/** The datablock and property that hold a path. */
export interface FileUser {
  readonly block: string
  readonly property: string
  readonly blend: string
}

/** One file that a .blend or its libraries need. */
export interface TracedFile {
  /** Absolute path of the file on disk; for a missing one, where it should be. */
  readonly path: string
  /** As the .blend stores it. */
  readonly stored: string
  readonly kind: DependencyKind
  readonly status: FileStatus
  readonly size: number
  /** The .blend that names it, absolute. */
  readonly blend: string
  /** The USD layer that names it, if it is not the .blend itself. */
  readonly within?: string
  readonly users: readonly FileUser[]
  /** POSIX path inside the checkout. */
  readonly packPath: string
  /** Missing frames, `5-9`. */
  readonly frames?: string
  readonly hint?: string
}

/** A .blend that was read, the main one first. */
export interface TracedBlend {
  /** Absolute, or where it is to be thought of (`as`). */
  readonly path: string
  /** The file that was read. */
  readonly file: string
  readonly packPath: string
  readonly size: number
  readonly version?: number
  readonly compression?: string
  readonly references: readonly ResolvedReference[]
  /** Packed into the file that links it: its path is where it came from. */
  readonly isPacked?: true
  /** Why a library could not be read. */
  readonly error?: { readonly code: string; readonly message: string }
}

/** A stored path and the place on disk it means. */
export interface ResolvedReference extends PathReference {
  /** The file, the sequence's named frame, or the directory; undefined if on no disk of this system. */
  readonly target: string | undefined
  /** Where the target lies in the pack. */
  readonly packTarget: string | undefined
  /** True if at least one file of it exists. */
  readonly isThere: boolean
}

/** Everything a .blend needs. */
export interface Trace {
  readonly blend: string
  readonly project: string
  readonly files: readonly TracedFile[]
  readonly blends: readonly TracedBlend[]
  /** If Blender's own listing was given. */
  readonly crossCheck?: CrossCheck
  readonly layout: Layout
  readonly mappings: readonly PathMapping[]
}

/** How a trace and Blender's own listing differ. */
export interface CrossCheck {
  /** Paths that Blender lists. */
  readonly listed: number
  /** Of these, the ones the trace did not find by itself; those that exist are among the files all the same. */
  readonly onlyBlender: readonly string[]
  /** Files that Blender does not list by their name: frames, tiles, caches, what libraries need in turn. */
  readonly onlyPack: readonly string[]
}

export interface TraceProgress {
  readonly blend: string
  readonly blendsDone: number
}

export interface TraceOptions {
  /** The .blend file. */
  readonly blend: string
  /** The project's root, if it is not to be found by marker. */
  readonly project?: string | undefined
  /** Where the file is to be thought of, if it is a copy made elsewhere. */
  readonly as?: string | undefined
  /** Also what rendering can't reach: brushes, proxies, everything in libraries' user interface. */
  readonly all?: boolean | undefined
  /** Absolute paths that lie elsewhere on this machine. */
  readonly mappings?: readonly PathMapping[] | undefined
  /** Absolute paths that Blender itself lists for this file: what the trace lacks of them is added. */
  readonly listed?: readonly string[] | undefined
  readonly onProgress?: ((progress: TraceProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}
