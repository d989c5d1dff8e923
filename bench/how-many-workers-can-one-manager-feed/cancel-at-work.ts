import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createManagerClient } from '@shaman-farm/manager-api'
import type { ManagerProcess } from '../harness/manager-process.ts'
import { quantile } from '../harness/quantile.ts'
import type { QuestionContext } from '../harness/question.ts'
import { startWorker } from '../how-long-is-a-worker-idle/worker-at-work.ts'
import type { Cancel } from './cancel.ts'

const limitMs = 60_000

/** A job type whose only task is a program that notes when it is asked to end. Write it before the manager starts. */
export async function writeProgramScript(dataDir: string): Promise<void> {
  await mkdir(join(dataDir, 'scripts'), { recursive: true })
  await writeFile(
    join(dataDir, 'scripts', 'program.js'),
    `const JOB_TYPE = { label: 'P', settings: [
       { key: 'exe', type: 'string', required: true },
       { key: 'code', type: 'string', required: true },
     ] }
     function compileJob({ settings: { exe, code }, addTask }) {
       const task = author.Task('program', 'misc')
       task.addCommand(author.Command('exec', { exe, args: ['-e', code] }))
       addTask(task)
     }`,
  )
}

/** From the answer to a person's order to the signal that the program gets, through a worker in a process of its own. */
export async function measureCancelAtWork(
  { url }: ManagerProcess,
  context: QuestionContext,
): Promise<Cancel> {
  const client = createManagerClient({ url })
  const home = join(context.workDir, 'canceled')
  await mkdir(home)
  const worker = startWorker(url, home, 'auto')
  const times: number[] = []
  try {
    for (let i = 0; i < (context.quick ? 3 : 20); i += 1) {
      const file = join(home, `program-${i}`)
      const job = await client.submitJob({
        body: {
          name: 'canceled at work',
          type: 'program',
          priority: 100,
          submitter_platform: 'linux',
          settings: { exe: process.execPath, code: programNoting(file) },
        },
      })
      await appears(`${file}.begun`)
      await client.setJobStatus({
        params: { job_id: job.id },
        body: { status: 'cancel-requested', reason: 'bench' },
      })
      const answered = Date.now()
      await appears(`${file}.signalled`)
      times.push(Number(await readFile(`${file}.signalled`, 'utf8')) - answered)
    }
  } finally {
    await worker.stop()
  }
  return { p50: quantile(times, 0.5), worst: Math.max(...times) }
}

function programNoting(file: string): string {
  const path = JSON.stringify(file)
  return `const { renameSync, writeFileSync } = require('node:fs')
    const note = (what) => {
      writeFileSync(${path} + '.draft', String(Date.now()))
      renameSync(${path} + '.draft', ${path} + what)
    }
    process.on('SIGTERM', () => { note('.signalled'); process.exit() })
    setInterval(() => {}, 1000)
    note('.begun')`
}

async function appears(file: string): Promise<void> {
  const until = performance.now() + limitMs
  while (!existsSync(file)) {
    if (performance.now() > until) throw new Error(`${file} did not appear`)
    await sleep(10)
  }
}
