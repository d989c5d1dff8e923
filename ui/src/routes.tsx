import type { RouteDefinition } from '@solidjs/router'
import { lazy } from 'solid-js'
import { Jobs } from './pages/jobs.tsx'

const JobPage = lazy(() => import('./pages/job.tsx').then((m) => ({ default: m.JobPage })))
const JobOverview = lazy(() => import('./pages/job.tsx').then((m) => ({ default: m.JobOverview })))
const JobTasks = lazy(() => import('./pages/job-tasks.tsx').then((m) => ({ default: m.JobTasks })))
const JobSettings = lazy(() =>
  import('./pages/job-settings.tsx').then((m) => ({ default: m.JobSettings })),
)
const Overview = lazy(() => import('./pages/overview.tsx').then((m) => ({ default: m.Overview })))
const AttentionPage = lazy(() =>
  import('./pages/attention.tsx').then((m) => ({ default: m.AttentionPage })),
)
const Workers = lazy(() => import('./pages/workers.tsx').then((m) => ({ default: m.Workers })))
const WorkerPage = lazy(() => import('./pages/worker.tsx').then((m) => ({ default: m.WorkerPage })))
const Tags = lazy(() => import('./pages/tags.tsx').then((m) => ({ default: m.Tags })))
const LogPage = lazy(() => import('./pages/log.tsx').then((m) => ({ default: m.LogPage })))
const Storage = lazy(() => import('./pages/storage.tsx').then((m) => ({ default: m.Storage })))
const CheckoutPage = lazy(() =>
  import('./pages/checkout.tsx').then((m) => ({ default: m.CheckoutPage })),
)
const BlobPage = lazy(() => import('./pages/checkout.tsx').then((m) => ({ default: m.BlobPage })))
const Submit = lazy(() => import('./pages/submit.tsx').then((m) => ({ default: m.Submit })))
const JobFrame = lazy(() => import('./pages/job-frame.tsx').then((m) => ({ default: m.JobFrame })))
const JobHistory = lazy(() =>
  import('./pages/job-history.tsx').then((m) => ({ default: m.JobHistory })),
)
const JobTypes = lazy(() => import('./pages/job-types.tsx').then((m) => ({ default: m.JobTypes })))
const Settings = lazy(() => import('./pages/settings.tsx').then((m) => ({ default: m.Settings })))
const Welcome = lazy(() => import('./pages/welcome.tsx').then((m) => ({ default: m.Welcome })))
const Wall = lazy(() => import('./pages/wall.tsx').then((m) => ({ default: m.Wall })))
const NotFound = lazy(() => import('./pages/not-found.tsx').then((m) => ({ default: m.NotFound })))

/** Fetches what is opened next from most pages, so that a click need not wait for it. */
export function preloadJobPages(): void {
  for (const page of [JobPage, JobOverview, JobTasks]) void page.preload()
}

export const routes: RouteDefinition[] = [
  { path: '/', component: Overview },
  { path: '/attention', component: AttentionPage },
  { path: '/jobs', component: Jobs },
  { path: '/jobs/submit', component: Submit },
  {
    path: '/jobs/:job',
    component: JobPage,
    children: [
      { path: '/', component: JobOverview },
      { path: '/tasks', component: JobTasks },
      { path: '/tasks/:task', component: JobTasks },
      { path: '/settings', component: JobSettings },
      { path: '/frames/:frame', component: JobFrame },
      { path: '/history', component: JobHistory },
    ],
  },
  { path: '/logs/:task', component: LogPage },
  { path: '/workers', component: Workers },
  { path: '/workers/tags', component: Tags },
  { path: '/workers/:worker', component: WorkerPage },
  { path: '/storage', component: Storage },
  { path: '/storage/checkouts/*path', component: CheckoutPage },
  { path: '/storage/blobs/:sha/:size', component: BlobPage },
  { path: '/settings', component: Settings },
  { path: '/welcome', component: Welcome },
  { path: '/job-types', component: JobTypes },
  { path: '/wall', component: Wall },
  { path: '*', component: NotFound },
]
