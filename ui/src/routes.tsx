import type { RouteDefinition } from '@solidjs/router'
import { part } from './farm/page-parts.ts'
import { Jobs } from './pages/jobs.tsx'

const job = () => import('./pages/job.tsx')
const JobPage = part(job, 'JobPage')
const JobOverview = part(job, 'JobOverview')
const JobTasks = part(() => import('./pages/job-tasks.tsx'), 'JobTasks')
const checkout = () => import('./pages/checkout.tsx')

/** Fetches what is opened next from most pages, so that a click need not wait for it. What does not come is told when it is needed. */
export function preloadJobPages(): void {
  for (const one of [JobPage, JobOverview, JobTasks]) one.preload().catch(() => undefined)
}

export const routes: RouteDefinition[] = [
  { path: '/', component: part(() => import('./pages/overview.tsx'), 'Overview') },
  { path: '/attention', component: part(() => import('./pages/attention.tsx'), 'AttentionPage') },
  { path: '/jobs', component: Jobs },
  { path: '/jobs/submit', component: part(() => import('./pages/submit.tsx'), 'Submit') },
  {
    path: '/jobs/:job',
    component: JobPage,
    children: [
      { path: '/', component: JobOverview },
      { path: '/tasks', component: JobTasks },
      { path: '/tasks/:task', component: JobTasks },
      {
        path: '/submission',
        component: part(() => import('./pages/job-submission.tsx'), 'JobSubmission'),
      },
      {
        path: '/settings',
        component: part(() => import('./pages/job-settings.tsx'), 'JobSettings'),
      },
      {
        path: '/frames/:frame',
        component: part(() => import('./pages/job-frame.tsx'), 'JobFrame'),
      },
      { path: '/history', component: part(() => import('./pages/job-history.tsx'), 'JobHistory') },
      { path: '/diff/:other', component: part(() => import('./pages/job-diff.tsx'), 'JobDiff') },
    ],
  },
  { path: '/logs/:task', component: part(() => import('./pages/log.tsx'), 'LogPage') },
  { path: '/workers', component: part(() => import('./pages/workers.tsx'), 'Workers') },
  { path: '/workers/tags', component: part(() => import('./pages/tags.tsx'), 'Tags') },
  { path: '/workers/:worker', component: part(() => import('./pages/worker.tsx'), 'WorkerPage') },
  { path: '/storage', component: part(() => import('./pages/storage.tsx'), 'Storage') },
  { path: '/storage/gc', component: part(() => import('./pages/gc.tsx'), 'CollectionPage') },
  { path: '/storage/checkouts/*path', component: part(checkout, 'CheckoutPage') },
  { path: '/storage/blobs/:sha/:size', component: part(checkout, 'BlobPage') },
  {
    path: '/settings/:section?',
    component: part(() => import('./pages/settings.tsx'), 'Settings'),
  },
  { path: '/welcome', component: part(() => import('./pages/welcome.tsx'), 'Welcome') },
  { path: '/addon', component: part(() => import('./pages/addon.tsx'), 'AddonPage') },
  { path: '/job-types', component: part(() => import('./pages/job-types.tsx'), 'JobTypes') },
  { path: '/wall', component: part(() => import('./pages/wall.tsx'), 'Wall') },
  { path: '*', component: part(() => import('./pages/not-found.tsx'), 'NotFound') },
]
