import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ManagerClient } from '@shaman-farm/manager-api'
import { eventually, startFarm } from './farm.ts'

const workers = Number(process.env.FARM_KILL_WORKERS ?? 50)
const kills = Number(process.env.FARM_KILLS ?? 8)
const jobs = 8
const sleepsPerJob = 75

test('fifty workers lose nothing when the manager is killed again and again', async (t) => {
  const farm = await startFarm(t)
  const ids: string[] = []
  for (let i = 0; i < jobs; i += 1) ids.push(await submit(farm.api, `job ${i}`))
  for (let i = 0; i < workers; i += 1) farm.startWorker(`w${i}`, ['--task-types', 'misc'])
  await eventually('half of the workers at work', async () => {
    const { workers: known } = await farm.api.fetchWorkers()
    return known.filter(({ status }) => status === 'awake').length >= workers / 2
  })
  for (let i = 0; i < kills; i += 1) {
    await sleep(500 + Math.random() * 2_500)
    farm.manager.kill('SIGKILL')
    await farm.manager.exited
    await farm.restartManager()
  }
  for (const id of ids) {
    await eventually('the job to be completed', async () => {
      const { status, activity } = await farm.api.fetchJob({ params: { job_id: id } })
      assert.notEqual(status, 'failed', activity)
      return status === 'completed'
    })
  }
  const runs = await Promise.all(ids.map((id) => checkJob(farm.api, id)))
  const repeated = runs.reduce((sum, n) => sum + n, 0)
  t.diagnostic(`${jobs * (sleepsPerJob + 1)} tasks, ${kills} kills, ${repeated} runs begun anew`)
})

async function submit(api: ManagerClient, name: string): Promise<string> {
  const job = await api.submitJob({
    body: {
      name,
      type: 'echo-sleep-test',
      priority: 50,
      submitter_platform: 'linux',
      settings: { message: 'hello', sleep_duration_seconds: 1, sleep_repeats: sleepsPerJob },
    },
  })
  return job.id
}

/** Every task ended once, by the worker whose lines its log has, whole. Answers how many runs came to nothing. */
async function checkJob(api: ManagerClient, id: string): Promise<number> {
  const params = { job_id: id }
  const { tasks } = await api.farmJobTasks({ params, query: { limit: 1_000 } })
  assert.equal(tasks.length, sleepsPerJob + 1)
  let begunAnew = 0
  for (const task of tasks) {
    assert.equal(task.status, 'completed', task.name)
    const where = { params: { task_id: task.id } }
    const { attempts } = await api.farmTaskAttempts(where)
    const ended = attempts.filter(({ outcome }) => outcome === 'completed')
    assert.equal(ended.length, 1, `${task.name} was completed once`)
    begunAnew += attempts.length - 1
    const [{ log_start: start, log_end: end }] = ended as [(typeof ended)[0]]
    const log = Buffer.from(String(await api.farmTaskLog(where)))
    const own = log.subarray(start, end).toString('utf8')
    const lines = task.name === 'echo' ? ['echo: "hello"'] : ['slumbering 1 s', 'slumbering done']
    for (const line of lines) assert.equal(own.split(line).length - 1, 1, `${line} in:\n${own}`)
    assert.ok(!log.includes(0), `${task.name}: no hole in its log`)
  }
  return begunAnew
}
