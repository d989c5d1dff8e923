import type { FrameRange, FrameUse } from './image-uses.ts'

/** What a dependency is, as shown to people and machines. */
export type DependencyKind =
  | 'image'
  | 'sequence'
  | 'tile'
  | 'movie'
  | 'library'
  | 'font'
  | 'sound'
  | 'volume'
  | 'cache'
  | 'geometry'
  | 'light-profile'
  | 'shader'
  | 'text'
  | 'proxy'
  | 'icon'
  | 'file'

/** How a stored path becomes files. */
export type Expansion =
  | { readonly as: 'file' }
  /** Numbered files like the one named; `uses` says which, else all of them. `scene` is what is rendered. */
  | {
      readonly as: 'sequence'
      readonly uses?: readonly FrameUse[]
      readonly scene?: FrameRange | undefined
    }
  /** `<UDIM>` and `<UVTILE>`. */
  | { readonly as: 'tiles'; readonly tiles: readonly number[] }
  /**
   * The files in a directory whose path in it matches, and those in its directories that match `descend`. Both are
   * narrow: the directory may be a whole disk.
   */
  | { readonly as: 'directory'; readonly matching: RegExp; readonly descend?: RegExp }

/** Where a stored path lies in its .blend, so that it can be rewritten. */
export type PathPlace =
  | { readonly in: 'field'; readonly offset: number; readonly size: number }
  /** A string of its own block: its length may change. */
  | {
      readonly in: 'block'
      readonly block: number
      /** Where the string's length is kept, with its NUL, as custom properties do. */
      readonly lengthAt?: number
    }
  /** Directory and name in fields of their own; the directory is shared by all names of a strip. */
  | {
      readonly in: 'directory-field'
      readonly offset: number
      readonly size: number
      readonly name: string
    }
  /** Follows from the name of the .blend. */
  | { readonly in: 'nowhere' }

/** One path that one datablock's property holds. */
export interface PathReference {
  readonly kind: DependencyKind
  /** As stored; see `decodePath`. */
  readonly stored: string
  /** The datablock with its two letters, such as `IMbrick`. */
  readonly block: string
  readonly property: string
  readonly expansion: Expansion
  readonly place: PathPlace
  /** Absence is no problem: a cache not baked, a proxy. */
  readonly optional?: boolean
  /** The directory that `//` means, where it is not the one of the .blend. */
  readonly base?: string
  /** The file between the .blend and this one: a USD layer, which names it. */
  readonly within?: string
}
