import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchCommandLine } from '../../src/install/batch.ts'

// Without Windows here: its two readers by their documented rules, one after the other.

/** What is left of a line of a batch file when cmd has read it; a sign that cmd would act on is an error. */
function readAsCmd(line: string): string {
  let isQuoted = false
  let left = ''
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (char === '%') {
      assert.equal(line[++i], '%', `a variable is expanded in: ${line}`)
      left += '%'
    } else if (char === '^' && !isQuoted) left += line[++i] ?? ''
    else {
      if (char === '"') isQuoted = !isQuoted
      assert.ok(isQuoted || !/[()&|<>]/.test(char), `cmd acts on ${char} in: ${line}`)
      left += char
    }
  }
  return left
}

/** CommandLineToArgvW and the C runtime: 2n backslashes and a quote are n and a border, 2n + 1 are n and a quote. */
function splitAsProgram(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let isQuoted = false
  for (let i = 0; i < line.length; ) {
    const backslashes = /^\\*/.exec(line.slice(i))![0].length
    i += backslashes
    const char = line[i]
    if (char === '"') {
      word = (word ?? '') + '\\'.repeat(backslashes >> 1)
      if (backslashes % 2 === 1) word += '"'
      else isQuoted = !isQuoted
      i += 1
      continue
    }
    if (backslashes > 0) word = (word ?? '') + '\\'.repeat(backslashes)
    if (char === undefined) break
    if (/[ \t]/.test(char) && !isQuoted) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + char
    i += 1
  }
  return word === undefined ? words : [...words, word]
}

const read = (line: string): string[] => splitAsProgram(readAsCmd(line))

test('a program that a batch file starts gets the arguments it was to get', () => {
  const argv = [
    'C:\\Program Files\\node.exe',
    '',
    'Büro "2" 100% & <y>',
    '%PATH%',
    'D:\\render farm\\',
    '\\\\server\\share',
    'a\\\\"b',
    '" & calc & "',
    'a^b|c!d(e)',
  ]
  const line = batchCommandLine(argv)
  assert.deepEqual(read(line), argv)
  // cmd takes for the program what stands before the first space outside of quotes.
  assert.match(line, /^"C:\\Program Files\\node\.exe" /)
})

test('whatever the arguments, cmd acts on nothing in them', () => {
  const sign = fc.constantFrom(...'ab \\"%^&|<>()!é')
  const text = fc.array(sign, { maxLength: 12 }).map((signs) => signs.join(''))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (given) => {
      const argv = ['C:\\a b\\100% (x86)\\node.exe', ...given]
      assert.deepEqual(read(batchCommandLine(argv)), argv)
    }),
    { numRuns: 2000 },
  )
})
