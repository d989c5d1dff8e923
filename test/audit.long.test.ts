import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'

const root = dirname(import.meta.dirname)
const pnpm = join(root, 'toolchain/node_modules/pnpm/bin/pnpm.cjs')

interface Advisory {
  severity: string
  module_name: string
  title: string
  url: string
}

// Asked of the registry, so what was fine yesterday may not be today: among the long tests, before a release.
test('no dependency has a known vulnerability of high severity', async (t) => {
  const { stdout, stderr } = await execa(process.execPath, [pnpm, 'audit', '--json'], {
    cwd: root,
    reject: false,
    timeout: 120_000,
  })
  const answer = readAnswer(stdout)
  if (!answer?.advisories) {
    const said = answer?.error?.message ?? (stderr || stdout)
    return t.skip(`the registry tells no advisories: ${said.trim().split('\n')[0]}`)
  }
  const grave = Object.values(answer.advisories).filter(({ severity }) =>
    ['high', 'critical'].includes(severity),
  )
  assert.deepEqual(
    grave.map((one) => `${one.module_name}: ${one.title} ${one.url}`),
    [],
  )
})

interface Answer {
  advisories?: Record<string, Advisory>
  error?: { message: string }
}

function readAnswer(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer
  } catch {
    return undefined
  }
}
