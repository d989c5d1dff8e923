/** A command line a person can paste into a POSIX shell and get the same arguments. */
export function quoteCommandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}

function quote(argument: string): string {
  if (argument !== '' && /^[\w@%+=:,./-]+$/.test(argument)) return argument
  return `'${argument.replaceAll("'", `'\\''`)}'`
}

/** Splits a text into arguments the way a POSIX shell does, without expanding anything. */
export function splitShellWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quoted: '"' | "'" | undefined
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quoted === "'") {
      if (char === quoted) quoted = undefined
      else word += char
    } else if (quoted === '"') {
      if (char === quoted) quoted = undefined
      else if (char === '\\' && /["\\$`]/.test(text[i + 1] ?? '')) word += text[++i]!
      else word += char
    } else if (char === '"' || char === "'") {
      quoted = char
      word ??= ''
    } else if (char === '\\' && i + 1 < text.length) {
      word = (word ?? '') + text[++i]!
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else {
      word = (word ?? '') + char
    }
  }
  if (quoted) throw new SyntaxError(`a ${quoted} is not closed in: ${text}`)
  if (word !== undefined) words.push(word)
  return words
}
