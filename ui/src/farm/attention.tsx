import { createContext, type ParentProps, useContext } from 'solid-js'
import { useFarm } from './farm.tsx'
import { createRead, type Read } from './read.ts'
import type { Attention } from './wire.ts'

const AttentionContext = createContext<Read<Attention>>()

/** What needs a person: one for the page, so that the top bar and a list say the same. */
export function useAttention(): Read<Attention> {
  return useContext(AttentionContext)!
}

export function AttentionProvider(props: ParentProps) {
  return (
    <AttentionContext.Provider value={createAttention()}>
      {props.children}
    </AttentionContext.Provider>
  )
}

/** Asked again when anything that could change it happens. */
function createAttention(): Read<Attention> {
  const farm = useFarm()
  const attention = createRead<Attention>(() => '/farm/attention', {
    soonMs: 2000,
    everyMs: 30_000,
  })
  farm.on('job', () => attention.reloadSoon())
  farm.on('worker', () => attention.reloadSoon())
  return attention
}
