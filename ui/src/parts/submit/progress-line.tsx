import { Show } from 'solid-js'
import { formatBytes, formatCount } from '../../farm/format.ts'
import type { Phase, Progress } from '../../submit/submission.ts'
import styles from './submit.module.css'

const phaseWords: Record<Phase, string> = {
  hash: 'Hashing',
  negotiate: 'Asking what the store has',
  upload: 'Uploading',
  checkout: 'Making the checkout',
  trace: 'Looking what the scene needs',
  submit: 'Submitting',
}

/** What is being done, how much of it is done, and how fast. */
export function ProgressLine(props: { progress: Progress }) {
  const now = () => props.progress
  const isCounted = () => now().phase === 'hash' || now().phase === 'upload'
  const rate = () => {
    const seconds = (performance.now() - now().since) / 1000
    return seconds > 0.5 ? `${formatBytes(now().bytes / seconds)}/s` : ''
  }
  return (
    <div class={styles.progress} role="status">
      <p>
        {phaseWords[now().phase]}
        <Show when={isCounted()}>
          {' '}
          {now().files} of {formatCount(now().filesTotal, 'file')}, {formatBytes(now().bytes)} of{' '}
          {formatBytes(now().bytesTotal)} {rate()}
        </Show>
      </p>
      <Show
        when={isCounted()}
        // One without a value says "under way"; a value of undefined is an error.
        fallback={<progress aria-label={phaseWords[now().phase]} />}
      >
        <progress
          aria-label={phaseWords[now().phase]}
          max={Math.max(1, now().bytesTotal)}
          value={now().bytes}
        />
      </Show>
    </div>
  )
}
