import { execFileSync } from 'node:child_process'
import type { TestContext } from 'node:test'

/** True when the test is to be left out: a missing program is a failure in CI and a loud skip elsewhere. */
export function isMissing(t: TestContext, program: string, args = ['--version']): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return false
  } catch (error) {
    if (process.env.CI === 'true') throw new Error(`${program} is required`, { cause: error })
    t.skip(`${program} is not installed`)
    return true
  }
}
