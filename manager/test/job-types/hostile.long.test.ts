import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManagerClient, type ErrorBody, type ManagerError } from '@shaman-farm/manager-api'
import { echoJob, openManager, signOnWorker, workOff } from '../running-manager.ts'
import { hostileScripts } from './hostile-scripts.ts'
import { scriptWith, writeScripts } from './open.ts'

const huge = scriptWith(
  "for (let i = 0; i < 100000; i++) { const task = author.Task('t' + i, 'misc'); task.addCommand(author.Command('echo', { message: 'hello '.repeat(50) })); job.addTask(task) }",
)

test('while a hostile script runs, and while a huge job is made, workers get tasks and people answers', async (t) => {
  const manager = await openManager(t)
  const scripts = hostileScripts.map(({ script }, index) => [`hostile_${index}.js`, script])
  writeScripts(join(manager.dir, 'scripts'), { ...Object.fromEntries(scripts), 'huge.js': huge })
  const worker = await signOnWorker(manager)
  // A machine that is busy gives a script its time late.
  const patient = createManagerClient({ url: manager.url, timeoutMs: 600_000 })
  // Paused, as no worker of this test is to get a task of theirs.
  const submit = (type: string) =>
    patient.submitJob({ body: echoJob({ type, settings: {}, initial_status: 'paused' }) })

  /** How many rounds of questions and tasks were done before the work was. */
  async function serveDuring(name: string, work: Promise<unknown>): Promise<void> {
    let isOver = false
    const over = work.finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    let rounds = 0
    do {
      await manager.client.farmJobs({ query: { limit: 10 } })
      assert.equal(await worker.client.scheduleTask(), undefined)
      if (!isOver) rounds += 1
    } while (!isOver)
    await over
    t.diagnostic(`${rounds} rounds: ${name}`)
    assert.ok(rounds > 0, `${name}: nobody was answered before it was over`)
  }

  for (const [index, { name, code }] of hostileScripts.entries()) {
    const refused = assert.rejects(submit(`hostile-${index}`), ({ body }: ManagerError) => {
      const { error_code = '' } = body as ErrorBody
      // Where memory is short, what runs the script may die of it before it is stopped.
      return code.test(error_code) || error_code === 'JOB_COMPILER_CRASHED'
    })
    await serveDuring(name, refused)
  }
  let job: { id: string } | undefined
  const made = submit('huge').then((answer) => {
    job = answer
  })
  await serveDuring('a hundred thousand tasks', made)
  const { total } = await manager.client.farmJobTasks({
    params: { job_id: job!.id },
    query: { limit: 1 },
  })
  assert.equal(total, 100_000)
  await manager.client.setJobStatus({
    params: { job_id: job!.id },
    body: { status: 'cancel-requested', reason: 'test' },
  })
  const after = await manager.client.submitJob({ body: echoJob() })
  assert.deepEqual(await workOff(worker), ['echo', 'sleep', 'sleep'])
  const { status } = await manager.client.fetchJob({ params: { job_id: after.id } })
  assert.equal(status, 'completed')
})
