import type { Http } from '../client/http.ts'
import type { Digest } from '../digest.ts'

/** A file that the store lacks. */
export interface DeltaFile {
  /** Its path in the checkout: what namesakes are looked for by. */
  readonly path: string
  readonly file: string
  readonly digest: Digest
}

/** How a file was (not) sent as its difference to one the store holds. */
export type DeltaOutcome =
  | { readonly kind: 'sent'; readonly wasNew: boolean; readonly wireBytes: number }
  | { readonly kind: 'not-sent'; readonly reason: NotSent; readonly wireBytes: number }

/** Why a file has to be sent whole. */
export type NotSent =
  | 'size'
  | 'no base'
  | 'changed'
  | 'unlike its base'
  | 'another zstd'
  | 'quicker whole'
  | 'refused'
  | 'failed'

/** Where a file is sent to. */
export interface DeltaRoute {
  readonly http: Http
  /** Id of the store: what paces are remembered by. */
  readonly store: string
  readonly signal?: AbortSignal | undefined
}
