import { createSignal, onCleanup } from 'solid-js'
import { useFarm } from '../farm/farm.tsx'
import { formatCount } from '../farm/format.ts'
import { lookOf } from '../farm/status.ts'

const batchMs = 5000
const namedAtMost = 2

/** Says aloud what became of jobs, to who cannot see it: in batches, or a busy farm would never stop talking. */
export function Announcer() {
  const farm = useFarm()
  const [text, setText] = createSignal('')
  const waiting = new Map<string, string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(timer))
  farm.on('job', ({ id, name, status, previous_status }) => {
    if (previous_status === undefined || previous_status === status) return
    waiting.set(id, `${name ?? 'A job'}: ${lookOf('job', status).label}`)
    timer ??= setTimeout(() => {
      timer = undefined
      setText(sentenceOf([...waiting.values()]))
      waiting.clear()
    }, batchMs)
  })
  return (
    <p class="sr-only" aria-live="polite">
      {text()}
    </p>
  )
}

function sentenceOf(news: readonly string[]): string {
  const more = news.length - namedAtMost
  const named = news.slice(0, namedAtMost).join('. ')
  return more > 0 ? `${named}. And ${formatCount(more, 'other job')} changed.` : `${named}.`
}
