// What OpenAPI documents take from a route's schema; declared as @fastify/swagger declares it, which may not be installed.
declare module 'fastify' {
  interface FastifySchema {
    operationId?: string
    summary?: string
    description?: string
    tags?: readonly string[]
    consumes?: readonly string[]
  }
}

export {}
