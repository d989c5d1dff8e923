import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SubmittedJob } from '@shaman-farm/manager-api/schemas'
import pino from 'pino'
import { type JobTypes, type JobTypesOptions, openJobTypes } from '../../src/job-types/main.ts'

export const compileOptions = {
  jobId: '0b4a3d6e-7f1e-4a58-9f0c-111111111111',
  created: new Date(2026, 0, 2, 3, 4, 5),
}

/** Job types of a scripts folder that is written for the test; all of it is gone after. */
export function openTypes(
  t: TestContext,
  scripts: Record<string, string> = {},
  options: Partial<JobTypesOptions> = {},
): JobTypes & { scriptsDir: string } {
  const scriptsDir = mkdtempSync(join(tmpdir(), 'farm-job-types-'))
  writeScripts(scriptsDir, scripts)
  const types = openJobTypes({ scriptsDir, log: pino({ level: 'silent' }), ...options })
  t.after(async () => {
    await types.close()
    rmSync(scriptsDir, { recursive: true })
  })
  return { ...types, scriptsDir }
}

export function writeScripts(dir: string, scripts: Record<string, string>): void {
  for (const [path, text] of Object.entries(scripts)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

export function submission(type: string, settings: Record<string, unknown> = {}): SubmittedJob {
  return { name: 'test job', type, priority: 50, submitter_platform: 'linux', settings }
}

/** A script with no settings and the given body of compileJob. */
export function scriptWith(body: string, before = ''): string {
  return `const JOB_TYPE = { label: 'T', settings: [] }\n${before}\nfunction compileJob(job) {\n${body}\n}\n`
}
