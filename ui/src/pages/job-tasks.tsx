import { useJob } from '../farm/job-context.ts'
import { TaskTable } from '../parts/task-table.tsx'

export function JobTasks() {
  const { id } = useJob()
  return (
    <section class="card" aria-label="Tasks">
      <TaskTable jobId={id()} />
    </section>
  )
}
