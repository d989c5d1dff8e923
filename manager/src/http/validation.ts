import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'

/**
 * Bodies are taken as they are: a number in quotes is no number, as in Flamenco. Query, path and headers are text by
 * nature and are read as what the schema wants.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const checker = Compile(schema)
  const isText = httpPart !== 'body'
  return (given: unknown) => {
    const value = Value.Default(schema, isText ? Value.Convert(schema, given) : given)
    if (checker.Check(value)) return { value }
    const [first] = checker.Errors(value)
    return { error: new Error(`${httpPart}${first?.instancePath ?? ''} ${first?.message}`) }
  }
}
