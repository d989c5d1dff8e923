/** Local time as `YYYY-MM-DD_HHMMSS`. */
export function formatTimestampLocal(time: unknown): string {
  const date = time instanceof Date ? time : new Date(time as string | number)
  if (Number.isNaN(date.getTime())) throw new Error(`"${String(time)}" is no time`)
  const pad = (n: number): string => String(n).padStart(2, '0')
  const day = [date.getFullYear(), pad(date.getMonth() + 1), pad(date.getDate())].join('-')
  return `${day}_${pad(date.getHours())}${pad(date.getMinutes())}${pad(date.getSeconds())}`
}

/**
 * Splits as a POSIX shell does, without expanding anything: quotes group, a backslash escapes (inside double quotes
 * only what a shell lets it escape, so that quoted Windows paths survive), `#` at the start of a word begins a comment.
 */
export function shellSplit(text: unknown): string[] {
  const input = String(text ?? '')
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < input.length) {
    const char = input[at]!
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
      at += 1
    } else if (char === '#' && word === undefined) {
      const end = input.indexOf('\n', at)
      at = end < 0 ? input.length : end
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(input, at)
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else if (char === '\\') {
      if (at + 1 >= input.length) throw new Error('the text ends with a lone backslash')
      word = (word ?? '') + input[at + 1]
      at += 2
    } else {
      word = (word ?? '') + char
      at += 1
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

function readQuoted(input: string, start: number): { text: string; end: number } {
  const quote = input[start]!
  let text = ''
  for (let at = start + 1; at < input.length; at++) {
    const char = input[at]!
    if (char === quote) return { text, end: at + 1 }
    const next = input[at + 1]
    if (char === '\\' && quote === '"' && next !== undefined && '$`"\\\n'.includes(next)) {
      text += next
      at += 1
    } else {
      text += char
    }
  }
  throw new Error(`the quote ${quote} at position ${start + 1} is never closed`)
}

/** One line of what `print` and friends were given. */
export function formatMessage(values: readonly unknown[]): string {
  return values.map(formatValue).join(' ')
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null || value instanceof Error) return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}
