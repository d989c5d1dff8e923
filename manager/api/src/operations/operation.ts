import type { TSchema, Type } from 'typebox'
import { ErrorBody } from '../schemas/common.ts'

/** One line of the contract; the key it has in the table is its operationId. */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the base path, with parameters as `{name}`. */
  path: string
  tag: string
  summary: string
  /** `worker`: HTTP Basic with the worker's id and secret. */
  auth?: 'worker'
  query?: TSchema
  body?: TSchema
  /** Bodies that are not JSON are streamed and named here by content type. */
  rawBody?: readonly string[]
  /** Status to body; `null` is an empty body, `raw` text, an image or a stream. */
  responses: Readonly<Record<number, TSchema | null | 'raw'>>
}

/** Keeps the literal types that handlers and the client are typed by. */
export function operation<const T extends Operation>(definition: T): T {
  return definition
}

/** The refusals of an operation, as its `responses` entries. */
export function refusals<const Status extends number>(
  ...statuses: Status[]
): { readonly [Key in Status]: typeof ErrorBody } {
  return Object.fromEntries(statuses.map((status) => [status, ErrorBody])) as {
    [Key in Status]: typeof ErrorBody
  }
}

type Names<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never

export type PathParams<O extends Operation> = { [Name in Names<O['path']>]: string }
export type Query<O extends Operation> = O extends { query: infer S extends TSchema }
  ? Type.Static<S>
  : undefined
export type Body<O extends Operation> = O extends { body: infer S extends TSchema }
  ? Type.Static<S>
  : undefined

type BodyOf<R> = R extends TSchema ? Type.Static<R> : R extends 'raw' ? string : undefined

/** Every documented answer, told apart by status. */
export type Answer<O extends Operation> = {
  [Status in keyof O['responses'] & number]: {
    status: Status
    body: BodyOf<O['responses'][Status]>
  }
}[keyof O['responses'] & number]

type SuccessStatus = 200 | 201 | 202 | 204 | 207 | 208
export type Success<O extends Operation> = Extract<Answer<O>, { status: SuccessStatus }>['body']
