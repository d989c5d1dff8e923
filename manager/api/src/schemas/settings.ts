import { Type } from 'typebox'
import { DateTime } from './common.ts'
import { ConfigurationFile } from './meta.ts'

/** A JSON merge patch: what it names is changed, `null` takes a key back to its default. */
export const ConfigPatch = Type.Record(Type.String(), Type.Unknown())
export type ConfigPatch = Type.Static<typeof ConfigPatch>

export const ConfigChange = Type.Object({
  revision: Type.Integer(),
  config: ConfigurationFile,
  applied: Type.Array(Type.String({ description: 'dotted keys in force now' })),
  restart_needed: Type.Array(Type.String({ description: 'dotted keys that wait for a new start' })),
})
export type ConfigChange = Type.Static<typeof ConfigChange>

export const ConfigRevision = Type.Object({
  revision: Type.Integer(),
  at: DateTime,
  by: Type.Optional(Type.String()),
  patch: ConfigPatch,
  undone: Type.Boolean(),
  undoes: Type.Optional(Type.Integer({ description: 'the change that this one took back' })),
})
export type ConfigRevision = Type.Static<typeof ConfigRevision>

export const ConfigHistory = Type.Object({ revisions: Type.Array(ConfigRevision) })
export type ConfigHistory = Type.Static<typeof ConfigHistory>

export const ConfigUndo = Type.Object({ revision: Type.Integer({ minimum: 1 }) })
export type ConfigUndo = Type.Static<typeof ConfigUndo>
