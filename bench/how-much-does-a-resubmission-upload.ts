import { join } from 'node:path'
import { changeTexture, makeProject } from '@shaman-farm/bin/demo-project'
import { startManagerProcess } from '@shaman-farm/bin/farm-process'
import { formatBytes, formatPercent } from '@shaman-farm/terminal'
import { execa } from 'execa'
import type { Answer, QuestionContext } from './harness/question.ts'

export const question = 'How much does a resubmission upload?'

interface Receipt {
  files: number
  bytes: number
  uploadedFiles: number
  uploadedBytes: number
  wireBytes: number
  requests: number
}

const farm = join(import.meta.dirname, '../bin/src/main.ts')

/** Dedup of the demo project, as an artist meets it: first, unchanged, one texture changed, the .blend saved again. */
export async function run(context: QuestionContext): Promise<Answer> {
  const project = await makeProject({ into: join(context.workDir, 'project') })
  const manager = await startManagerProcess([
    ...['--port', '0', '--host', '127.0.0.1'],
    ...['--storage', join(context.workDir, 'storage'), '--data', join(context.workDir, 'manager')],
  ])
  try {
    const rows: [string, Receipt][] = []
    const submit = async (name: string): Promise<void> => {
      context.log(name)
      rows.push([name, await receiptOf(manager.url, project.blend, name)])
    }
    await submit('first submission')
    await submit('nothing changed')
    await changeTexture(project)
    await submit('one texture changed')
    await saveAgain(project.blend)
    await submit('.blend opened and saved')
    return answer(rows)
  } finally {
    await manager.stop()
  }
}

async function receiptOf(url: string, blend: string, name: string): Promise<Receipt> {
  const args = [
    'submit',
    blend,
    '--manager',
    url,
    '--name',
    name,
    '--paused',
    '--missing',
    'fail',
    '--json',
  ]
  const { stdout } = await execa(process.execPath, [farm, ...args], { timeout: 5 * 60_000 })
  const events = stdout
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; receipt: Receipt })
  const submitted = events.find((event) => event.event === 'submitted')
  if (!submitted) throw new Error(`farm submit told of no submission: ${stdout}`)
  return submitted.receipt
}

async function saveAgain(blend: string): Promise<void> {
  const save =
    'import bpy; bpy.context.preferences.filepaths.save_version = 0; bpy.ops.wm.save_mainfile()'
  const args = ['-b', '--factory-startup', blend, '--python-exit-code', '42', '--python-expr', save]
  await execa('blender', args, { timeout: 2 * 60_000 })
}

function answer(receipts: [string, Receipt][]): Answer {
  const columns = [
    'submission',
    'files',
    'bytes',
    'files sent',
    'bytes on the wire',
    'of the project',
    'requests',
  ]
  const rows = receipts.map(([name, r]) => [
    name,
    r.files,
    formatBytes(r.bytes),
    r.uploadedFiles,
    formatBytes(r.wireBytes),
    formatPercent(r.wireBytes, r.bytes),
    r.requests,
  ])
  const copied = receipts.reduce((sum, [, r]) => sum + r.bytes, 0)
  const sent = receipts.reduce((sum, [, r]) => sum + r.wireBytes, 0)
  return {
    tables: [{ title: 'The demo project, submitted four times', columns, rows }],
    figures: [
      {
        name: 'sent over four submissions, of what a copy per job sends',
        value: (100 * sent) / copied,
        unit: '%',
        baseline: `a copy per job sends ${formatBytes(copied)}`,
      },
    ],
  }
}
