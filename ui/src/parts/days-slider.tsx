import { formatCount } from '../farm/format.ts'
import styles from './days-slider.module.css'

/** Chooses a number of days; what it says follows the hand. */
export function DaysSlider(props: {
  label: string
  days: number
  most: number
  onDays: (days: number) => void
}) {
  return (
    <label class={styles.slider}>
      <span>{props.label}</span>
      <input
        type="range"
        min="0"
        max={props.most}
        step="1"
        value={props.days}
        aria-valuetext={formatCount(props.days, 'day')}
        onInput={(event) => props.onDays(event.currentTarget.valueAsNumber)}
      />
      <span>{formatCount(props.days, 'day')}</span>
    </label>
  )
}
