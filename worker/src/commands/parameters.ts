import { CommandError, type Parameters } from './command.ts'

/** Reads one command's parameters; a missing or mistyped one fails the task with its name. */
export interface ParameterReader {
  text(name: string): string
  optionalText(name: string): string
  number(name: string): number
  optionalNumber(name: string): number | undefined
  list(name: string): string[]
  any(name: string): unknown
}

export function readParameters(command: string, parameters: Parameters): ParameterReader {
  const refuse = (name: string, wanted: string): CommandError => {
    const got = parameters[name]
    const what = got === undefined || got === null ? 'is missing' : `is ${JSON.stringify(got)}`
    return new CommandError('other', `${command}: parameter "${name}" ${what}, expected ${wanted}`)
  }
  const isAbsent = (name: string): boolean =>
    parameters[name] === undefined || parameters[name] === null
  const reader: ParameterReader = {
    text(name) {
      const value = reader.optionalText(name)
      if (value === '') throw refuse(name, 'a text')
      return value
    },
    optionalText(name) {
      if (isAbsent(name)) return ''
      const value = parameters[name]
      if (typeof value !== 'string') throw refuse(name, 'a text')
      return value
    },
    number(name) {
      const value = parameters[name]
      if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(name, 'a number')
      return value
    },
    optionalNumber: (name) => (isAbsent(name) ? undefined : reader.number(name)),
    list(name) {
      if (isAbsent(name)) return []
      const value = parameters[name]
      if (!Array.isArray(value)) throw refuse(name, 'a list')
      return value.map(String)
    },
    any(name) {
      if (isAbsent(name)) throw refuse(name, 'a value')
      return parameters[name]
    },
  }
  return reader
}
