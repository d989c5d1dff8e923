import { Type } from 'typebox'

export const Uuid = Type.String({ format: 'uuid' })
export const DateTime = Type.String({ format: 'date-time' })

/** Every refusal: Flamenco's two fields, and ours for people and programs. */
export const ErrorBody = Type.Object(
  {
    code: Type.Integer(),
    message: Type.String(),
    hint: Type.Optional(Type.String()),
    error_code: Type.Optional(Type.String()),
    fields: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() })),
    ),
  },
  { title: 'Error' },
)
export type ErrorBody = Type.Static<typeof ErrorBody>

export type Static<T extends Type.TSchema> = Type.Static<T>
