import { formatNumber } from '../farm/format.ts'

/** A number as wide as the largest it may become, so that what stands after it stays. */
export function SteadyCount(props: { n: number; most: number }) {
  return (
    <span
      style={{
        display: 'inline-block',
        'min-width': `${formatNumber(props.most).length}ch`,
        'text-align': 'right',
      }}
    >
      {formatNumber(props.n)}
    </span>
  )
}
