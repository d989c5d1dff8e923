// Tries a farm out without Blender: one task that says something, and tasks that wait after it.

/** @type {JobType} */
const JOB_TYPE = {
  label: 'Echo Sleep Test',
  description: 'Say something on one worker, then sleep on as many as there are sleeps.',
  settings: [
    { key: 'message', type: 'string', required: true, description: 'What to say' },
    {
      key: 'sleep_duration_seconds',
      type: 'int32',
      default: 1,
      propargs: { min: 0 },
      description: 'How long each sleep lasts',
    },
    {
      key: 'sleep_repeats',
      type: 'int32',
      default: 1,
      propargs: { min: 0 },
      description: 'How many sleep tasks to make',
    },
  ],
}

/** @param {Job} job */
function compileJob(job) {
  const echo = author.Task('echo', 'misc')
  echo.addCommand(author.Command('echo', { message: job.settings.message }))
  job.addTask(echo)

  for (let i = 0; i < job.settings.sleep_repeats; i++) {
    const sleep = author.Task('sleep', 'misc')
    sleep.addCommand(
      author.Command('sleep', { duration_in_seconds: job.settings.sleep_duration_seconds }),
    )
    sleep.addDependency(echo)
    job.addTask(sleep)
  }
}
