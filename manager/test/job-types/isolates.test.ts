import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const source = new URL('../../src/job-types/main.ts', import.meta.url)

/** What becomes of opening the job types where isolates are looked for as on that system. */
async function openOn(platform: string, arch: string): Promise<string> {
  const script = `
    const { openJobTypes } = await import('${source}')
    try { await openJobTypes({ log: { debug() {} } }).close(); console.log('opened') }
    catch (error) { console.log(error.code, error.message, error.hint) }`
  const env = { ...process.env, npm_config_platform: platform, npm_config_arch: arch }
  const words = ['--input-type=module', '--no-node-snapshot', '--eval', script]
  return (await run(process.execPath, words, { env, timeout: 60_000 })).stdout.trim()
}

test('where no isolates are made for a system, that is told at once and in words', async () => {
  const told = await openOn('darwin', 'x64')
  assert.match(told, /^JOB_COMPILER_UNSUPPORTED A manager cannot run on .*Apple silicon/)
})

test('where they are, job types open', async () => {
  assert.equal(await openOn(process.platform, process.arch), 'opened')
})
