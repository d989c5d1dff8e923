import { scriptWith } from './open.ts'

export interface HostileScript {
  /** What the author is up to, as the subject of a sentence. */
  name: string
  script: string
  /** How it must end: an error code, or several when the machine decides which limit comes first. */
  code: RegExp
}

const slow = /^JOB_SCRIPT_TIME_LIMIT$/
const slowOrBig = /^JOB_SCRIPT_(?:TIME|MEMORY)_LIMIT$/
const refused = /^JOB_SCRIPT_(?:FAILED|BROKEN)$/

const task = "const task = author.Task('t', 'misc')\n"

export const hostileScripts: readonly HostileScript[] = [
  { name: 'an endless loop', code: slow, script: scriptWith('while (true);') },
  {
    name: 'an endless loop at the top of the file',
    code: slow,
    script: scriptWith('', 'while (true);'),
  },
  {
    name: 'an endless loop in a getter that only the collecting of tasks runs into',
    code: slow,
    script: scriptWith(
      `${task}Object.defineProperty(task, 'name', { get() { for (;;); } })\njob.addTask(task)`,
    ),
  },
  {
    name: 'an endless list of tasks',
    code: slowOrBig,
    script: scriptWith(`${task}job.tasks = { *[Symbol.iterator]() { for (;;) yield task } }`),
  },
  {
    name: 'an endless chain of promises',
    code: slow,
    script: scriptWith('function again() { Promise.resolve().then(again) }\nagain()'),
  },
  {
    name: 'a regular expression that backtracks for years',
    code: slow,
    script: scriptWith("/^(a+)+$/.test('a'.repeat(60) + 'b')"),
  },
  {
    name: 'a string of 10 GiB',
    code: /^JOB_SCRIPT_(?:FAILED|MEMORY_LIMIT|TIME_LIMIT)$/,
    script: scriptWith("let s = 'x'\nfor (let i = 0; i < 34; i++) s += s\nprint(s.length)"),
  },
  {
    name: 'a growing list',
    code: slowOrBig,
    script: scriptWith("const all = []\nfor (let i = 0; ; i++) all.push({ i, text: 'x' + i })"),
  },
  {
    name: 'a buffer of 4 GiB',
    code: /^JOB_SCRIPT_(?:FAILED|MEMORY_LIMIT|TIME_LIMIT)$/,
    script: scriptWith('new Uint8Array(4 * 2 ** 30).fill(1)'),
  },
  {
    name: 'a hundred buffers',
    code: /^JOB_SCRIPT_(?:FAILED|MEMORY_LIMIT|TIME_LIMIT)$/,
    script: scriptWith(
      'const all = []\nfor (let i = 0; i < 100; i++) all.push(new Uint8Array(64 * 2 ** 20).fill(1))',
    ),
  },
  {
    name: 'a sort that takes its memory outside the heap',
    code: slowOrBig,
    script: scriptWith(
      'const all = []\nfor (let i = 0; i < 3e7; i++) all.push(-i)\nfor (;;) all.sort((a, b) => a - b)',
    ),
  },
  {
    name: 'endless recursion',
    code: refused,
    script: scriptWith('function f() { f() }\nf()'),
  },
  {
    name: 'parameters nested ten thousand deep',
    code: refused,
    script: scriptWith(
      `let deep = {}\nfor (let i = 0; i < 10000; i++) deep = { deep }\n${task}task.addCommand(author.Command('echo', { deep }))\njob.addTask(task)`,
    ),
  },
  {
    name: 'a circle of parameters',
    code: refused,
    script: scriptWith(
      `const circle = {}\ncircle.circle = circle\n${task}task.addCommand(author.Command('echo', circle))\njob.addTask(task)`,
    ),
  },
  {
    name: 'a million tasks',
    code: /^JOB_SCRIPT_(?:OUTPUT|TIME|MEMORY)_LIMIT$/,
    script: scriptWith("for (let i = 0; i < 1e6; i++) job.addTask(author.Task('t', 'misc'))"),
  },
  {
    name: 'one huge parameter',
    code: /^JOB_SCRIPT_(?:OUTPUT|MEMORY|TIME)_LIMIT$/,
    script: scriptWith(
      `${task}task.addCommand(author.Command('echo', { message: 'x'.repeat(2e7) }))\njob.addTask(task)`,
    ),
  },
  {
    name: 'tasks of which each is a megabyte',
    code: /^JOB_SCRIPT_(?:OUTPUT|MEMORY|TIME)_LIMIT$/,
    script: scriptWith(
      `for (let i = 0; i < 20; i++) {
         const task = author.Task('t' + i, 'misc')
         task.addCommand(author.Command('echo', { message: Array(3e5).fill('many').join(' ') }))
         job.addTask(task)
       }`,
    ),
  },
  {
    name: 'the same task many times over',
    code: refused,
    script: scriptWith(`${task}for (let i = 0; i < 3; i++) job.tasks.push(task)`),
  },
  {
    name: 'an id that names another job’s task',
    code: refused,
    script: scriptWith(`${task}task.uUID = '../../../etc/passwd'\njob.addTask(task)`),
  },
  {
    name: 'a frame range of a billion frames',
    code: refused,
    script: scriptWith("frameChunker('1-999999999', 1)"),
  },
  {
    name: 'a message that throws',
    code: refused,
    script: scriptWith("throw { toString() { throw new Error('again') } }"),
  },
]

/** Scripts that must come to nothing but may well finish; `leaks` says what they got hold of. */
export const pryingScripts: Record<string, string> = {
  'the Function constructor of what the host gave':
    'return print.constructor(\'return typeof process.exit + typeof require("fs")\')()',
  'the constructor of an error that crossed the border':
    "try { require('nothing') } catch (e) { return e.constructor.constructor('return process.mainModule')() }",
  'the call sites of a stack trace':
    'Error.prepareStackTrace = (e, sites) => sites.map((s) => { try { return typeof s.getThis() } catch { return "undefined" } })\nconst seen = new Error().stack\nreturn seen.filter?.((s) => s !== "undefined").join() || undefined',
  'a Node module': "return require('fs')",
  'a Node module with its scheme': "return require('node:child_process')",
  'a file outside the folder': "return require('../../../../../../etc/passwd')",
  'an absolute file': "return require('/etc/passwd')",
  'memory that is not counted':
    'return [typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics].find((t) => t !== "undefined")',
  'a dynamic import':
    "import('node:fs').then((fs) => { globalThis.fs = fs }, () => {})\nreturn globalThis.fs",
}
