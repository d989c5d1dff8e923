import { createContext, useContext } from 'solid-js'
import type { Read } from './read.ts'
import type { FarmJob } from './wire.ts'

export interface JobContextValue {
  id: () => string
  job: Read<FarmJob>
}

export const JobContext = createContext<JobContextValue>()

export function useJob(): JobContextValue {
  return useContext(JobContext)!
}
