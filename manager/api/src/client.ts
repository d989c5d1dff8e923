import { type OperationId, type Operations, operations } from './operations/main.ts'
import type { Answer, Body, Operation, PathParams, Query, Success } from './operations/operation.ts'
import { type CallExtras, clientOf, type ManagerClientOptions } from './requests.ts'

export { ManagerError, type ManagerErrorCode } from './errors.ts'
export type { ManagerClientOptions } from './requests.ts'

type Part<Key extends string, Value> = [Value] extends [undefined]
  ? unknown
  : keyof Value extends never
    ? unknown
    : Record<string, never> extends Value
      ? { [K in Key]?: Value }
      : { [K in Key]: Value }

type BodyPart<O extends Operation> = O extends { rawBody: readonly string[] }
  ? { body: Uint8Array<ArrayBuffer>; contentType: string }
  : [Body<O>] extends [undefined]
    ? unknown
    : { body: Body<O> }

export type CallOptions<O extends Operation> = CallExtras &
  Part<'params', PathParams<O>> &
  Part<'query', Query<O>> &
  BodyPart<O>

type Arguments<O extends Operation> =
  Record<string, never> extends Omit<CallOptions<O>, keyof CallExtras>
    ? [options?: CallOptions<O>]
    : [options: CallOptions<O>]

/** One method per operation: resolves to the body of a 2xx answer, rejects with a ManagerError for any other. */
type Methods<Ids extends OperationId> = {
  [Id in Ids]: (...args: Arguments<Operations[Id]>) => Promise<Success<Operations[Id]>>
}

export type ClientFor<Ids extends OperationId> = Methods<Ids> & {
  readonly url: string
  /** The header that says who asks, for requests of one's own. */
  readonly authorization: string | undefined
  /** The documented answers, told apart by status, without throwing for them. */
  request<Id extends Ids>(
    id: Id,
    ...args: Arguments<Operations[Id]>
  ): Promise<Answer<Operations[Id]> & { headers: Headers }>
  /** Where the server-sent events of these topics come from. */
  eventsUrl(topics: readonly string[]): string
}

export type ManagerClient = ClientFor<OperationId>

export function createManagerClient(options: ManagerClientOptions): ManagerClient {
  return clientOf(operations, options)
}
