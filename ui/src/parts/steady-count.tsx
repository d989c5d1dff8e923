import { formatNumber } from '../farm/format.ts'

/** A number in the room that the largest it may become needs, so that what stands after it stays. */
export function SteadyCount(props: { n: number; most: number }) {
  return (
    <span
      style={{
        display: 'inline-block',
        'min-width': `${formatNumber(props.most).length}ch`,
        'text-align': 'left',
      }}
    >
      {formatNumber(props.n)}
    </span>
  )
}
