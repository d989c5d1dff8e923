import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { openManager, signOnWorker, submitEcho, workOff } from '../running-manager.ts'

const program = `
  import { Command } from 'commander'
  import { runCommand } from '@shaman-farm/terminal'
  import { register } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'src', 'cli.ts'))}
  const command = new Command('farm').exitOverride()
  register(command)
  const args = process.argv.slice(1)
  await runCommand(() => command.parseAsync(args, { from: 'user' }).then(() => {}), { json: args.includes('--json') })`

function farm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--no-node-snapshot', '--input-type=module', '-e', program, '--', ...args],
      { cwd: join(import.meta.dirname, '..', '..'), timeout: 60_000 },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

test('a job can be listed, shown, read, steered and deleted from the command line', async (t) => {
  const manager = await openManager(t)
  const at = ['--manager', manager.url]
  const job = await submitEcho(manager, { name: 'my job' })
  const list = await farm('job', 'list', ...at)
  assert.match(list.stdout, new RegExp(`${job.id.slice(0, 8)}\\s+queued\\s+0 %\\s+50\\s+my job`))
  assert.match((await farm('job', 'pause', job.id.slice(0, 8), ...at)).stdout, /"my job" paused/)
  assert.match((await farm('job', 'show', job.id, ...at)).stdout, /status\s+paused/)
  assert.equal((await farm('job', 'requeue', job.id, ...at)).code, 0)
  await workOff(await signOnWorker(manager))
  const [shown] = (await farm('job', 'show', job.id, '--json', ...at)).stdout.trim().split('\n')
  assert.equal(JSON.parse(shown!).status, 'completed')
  const log = await farm('job', 'log', job.id, '--task', 'echo', ...at)
  assert.match(log.stdout, /ran echo/)
  const refused = await farm('job', 'cancel', job.id, ...at)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /completed cannot become cancel-requested/)
  assert.equal((await farm('job', 'delete', job.id, ...at)).code, 0)
})

test('mistakes are told in words, and as JSON to a machine', async () => {
  const gone = await farm('job', 'list', '--manager', 'http://127.0.0.1:9')
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /cannot be reached[\s\S]*farm manager/)
  const json = await farm('job', 'show', 'nonsense!', '--json', '--manager', 'http://127.0.0.1:9')
  assert.equal(JSON.parse(json.stdout).code, 'BAD_ID')
})
