import { Navigate, type RouteDefinition } from '@solidjs/router'
import { lazy } from 'solid-js'
import { Jobs } from './pages/jobs.tsx'

const JobPage = lazy(() => import('./pages/job.tsx').then((m) => ({ default: m.JobPage })))
const JobOverview = lazy(() => import('./pages/job.tsx').then((m) => ({ default: m.JobOverview })))
const JobTasks = lazy(() => import('./pages/job-tasks.tsx').then((m) => ({ default: m.JobTasks })))
const JobSettings = lazy(() =>
  import('./pages/job-settings.tsx').then((m) => ({ default: m.JobSettings })),
)
const NotFound = lazy(() => import('./pages/not-found.tsx').then((m) => ({ default: m.NotFound })))

export const routes: RouteDefinition[] = [
  { path: '/', component: () => <Navigate href="/jobs" /> },
  { path: '/jobs', component: Jobs },
  {
    path: '/jobs/:job',
    component: JobPage,
    children: [
      { path: '/', component: JobOverview },
      { path: '/tasks', component: JobTasks },
      { path: '/tasks/:task', component: JobTasks },
      { path: '/settings', component: JobSettings },
    ],
  },
  { path: '*', component: NotFound },
]
