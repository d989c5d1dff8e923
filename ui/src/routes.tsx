import type { RouteDefinition, RouteSectionProps } from '@solidjs/router'
import { type Component, lazy } from 'solid-js'
import { Jobs } from './pages/jobs.tsx'

/** A page that is fetched when it is first opened. */
function page<Name extends string>(
  load: () => Promise<Record<Name, Component<RouteSectionProps>>>,
  name: Name,
): ReturnType<typeof lazy<Component<RouteSectionProps>>> {
  return lazy(async () => ({ default: (await load())[name] }))
}

const job = () => import('./pages/job.tsx')
const JobPage = page(job, 'JobPage')
const JobOverview = page(job, 'JobOverview')
const JobTasks = page(() => import('./pages/job-tasks.tsx'), 'JobTasks')
const checkout = () => import('./pages/checkout.tsx')

/** Fetches what is opened next from most pages, so that a click need not wait for it. */
export function preloadJobPages(): void {
  for (const one of [JobPage, JobOverview, JobTasks]) void one.preload()
}

export const routes: RouteDefinition[] = [
  { path: '/', component: page(() => import('./pages/overview.tsx'), 'Overview') },
  { path: '/attention', component: page(() => import('./pages/attention.tsx'), 'AttentionPage') },
  { path: '/jobs', component: Jobs },
  { path: '/jobs/submit', component: page(() => import('./pages/submit.tsx'), 'Submit') },
  {
    path: '/jobs/:job',
    component: JobPage,
    children: [
      { path: '/', component: JobOverview },
      { path: '/tasks', component: JobTasks },
      { path: '/tasks/:task', component: JobTasks },
      {
        path: '/submission',
        component: page(() => import('./pages/job-submission.tsx'), 'JobSubmission'),
      },
      {
        path: '/settings',
        component: page(() => import('./pages/job-settings.tsx'), 'JobSettings'),
      },
      {
        path: '/frames/:frame',
        component: page(() => import('./pages/job-frame.tsx'), 'JobFrame'),
      },
      { path: '/history', component: page(() => import('./pages/job-history.tsx'), 'JobHistory') },
      { path: '/diff/:other', component: page(() => import('./pages/job-diff.tsx'), 'JobDiff') },
    ],
  },
  { path: '/logs/:task', component: page(() => import('./pages/log.tsx'), 'LogPage') },
  { path: '/workers', component: page(() => import('./pages/workers.tsx'), 'Workers') },
  { path: '/workers/tags', component: page(() => import('./pages/tags.tsx'), 'Tags') },
  { path: '/workers/:worker', component: page(() => import('./pages/worker.tsx'), 'WorkerPage') },
  { path: '/storage', component: page(() => import('./pages/storage.tsx'), 'Storage') },
  { path: '/storage/gc', component: page(() => import('./pages/gc.tsx'), 'CollectionPage') },
  { path: '/storage/checkouts/*path', component: page(checkout, 'CheckoutPage') },
  { path: '/storage/blobs/:sha/:size', component: page(checkout, 'BlobPage') },
  {
    path: '/settings/:section?',
    component: page(() => import('./pages/settings.tsx'), 'Settings'),
  },
  { path: '/welcome', component: page(() => import('./pages/welcome.tsx'), 'Welcome') },
  { path: '/addon', component: page(() => import('./pages/addon.tsx'), 'AddonPage') },
  { path: '/job-types', component: page(() => import('./pages/job-types.tsx'), 'JobTypes') },
  { path: '/wall', component: page(() => import('./pages/wall.tsx'), 'Wall') },
  { path: '*', component: page(() => import('./pages/not-found.tsx'), 'NotFound') },
]
