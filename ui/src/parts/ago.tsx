import { useClock } from '../farm/clock.ts'
import { formatAgo, formatMoment } from '../farm/format.ts'

/** A time relative to now; the full moment on hover. */
export function Ago(props: { time: string | number | undefined; none?: string }) {
  const now = useClock()
  const moment = () => (props.time === undefined ? Number.NaN : new Date(props.time).getTime())
  return (
    <time
      dateTime={Number.isNaN(moment()) ? undefined : new Date(moment()).toISOString()}
      title={Number.isNaN(moment()) ? undefined : formatMoment(moment())}
      style={{ 'white-space': 'nowrap' }}
    >
      {Number.isNaN(moment()) ? (props.none ?? '–') : formatAgo(moment(), now())}
    </time>
  )
}
