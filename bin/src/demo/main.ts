// The whole farm in one go: project, manager, worker, submission, frames, video, and a second submission.
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatDuration, formatTable, runCommand } from '@shaman-farm/terminal'
import { startFarmProcess, startManagerProcess } from '../farm-process.ts'
import { blender, ensurePrograms, ffmpeg } from '../programs.ts'
import { checkFrames, checkVideo } from './check.ts'
import { changeTexture, makeProject } from './project.ts'
import { type Receipt, receiptRow, type Submission, submit } from './submission.ts'
import { waitForJob } from './watch.ts'

const LAST_FRAME = 6

async function demo(): Promise<void> {
  const started = Date.now()
  const say = (line: string): void =>
    console.log(`${formatDuration(Date.now() - started).padStart(8)}  ${line}`)
  await ensurePrograms([blender, ffmpeg])

  const work = await mkdtemp(join(tmpdir(), 'shaman-farm-demo-'))
  const project = await makeProject({ into: join(work, 'project'), say })
  const farm = await startFarm(work)
  try {
    say(`farm is up: dashboard at ${farm.url}/app/`)
    const first = await submit({
      farm: farm.url,
      blend: project.blend,
      name: 'demo',
      frames: `1-${LAST_FRAME}`,
      say,
    })
    await waitForJob({ farm: farm.url, job: first.jobId, say })
    const output = await checkOutput(first, LAST_FRAME, say)

    await changeTexture(project)
    say('changed one texture')
    const second = await submit({
      farm: farm.url,
      blend: project.blend,
      name: 'demo again',
      frames: '1',
      say,
    })
    await waitForJob({ farm: farm.url, job: second.jobId, say })
    await checkOutput(second, 1, say)
    report({ first: first.receipt, second: second.receipt, ...output })
  } finally {
    await farm.stop()
  }
  console.log(`\nAll of it took ${formatDuration(Date.now() - started)}.`)
}

async function startFarm(work: string): Promise<{ url: string; stop(): Promise<void> }> {
  const logs: string[] = []
  const onLog = (line: string): void => {
    logs.push(line)
    if (process.env.FARM_DEMO_VERBOSE) process.stderr.write(`${line}\n`)
  }
  const storage = join(work, 'storage')
  await mkdir(storage, { recursive: true })
  const manager = await startManagerProcess(
    ['--port', '0', '--host', '127.0.0.1', '--storage', storage, '--data', join(work, 'manager')],
    { onLog },
  )
  const worker = startFarmProcess(
    ['worker', '--manager', manager.url, '--home', join(work, 'worker')],
    { onLog },
  )
  return {
    url: manager.url,
    async stop() {
      await worker.stop()
      await manager.stop()
    },
  }
}

async function checkOutput(
  submission: Submission,
  frames: number,
  say: (line: string) => void,
): Promise<{ frames: string; video: string }> {
  const output = { frames: submission.outputDir, video: '' }
  await checkFrames(submission.outputDir, frames)
  output.video = await checkVideo(submission.outputDir, frames)
  say(`${frames} of ${frames} frames and the video are there and decode`)
  return output
}

function report(facts: { first: Receipt; second: Receipt; frames: string; video: string }): void {
  const columns = [
    { title: 'submission' },
    { title: 'files', align: 'right' },
    { title: 'bytes', align: 'right' },
    { title: 'files sent', align: 'right' },
    { title: 'bytes sent', align: 'right' },
    { title: 'already stored', align: 'right' },
  ] as const
  const rows = [receiptRow('first', facts.first), receiptRow('one texture changed', facts.second)]
  console.log(`\n${formatTable(columns, rows)}\n\nframes  ${facts.frames}\nvideo   ${facts.video}`)
}

await runCommand(demo)
