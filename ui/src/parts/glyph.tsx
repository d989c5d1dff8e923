import type { JSX } from 'solid-js'
import type { Glyph as GlyphName } from '../farm/status.ts'

const shapes: Record<GlyphName, () => JSX.Element> = {
  circle: () => <circle cx="6" cy="6" r="4.25" />,
  play: () => <path d="M3 1.8 10.4 6 3 10.2z" fill="currentColor" stroke="none" />,
  check: () => <path d="M1.8 6.4 4.7 9.3 10.2 3.2" />,
  bang: () => <path d="M6 1.8v5.4M6 9.4v1" stroke-width="2" />,
  cross: () => <path d="M2.6 2.6l6.8 6.8M9.4 2.6 2.6 9.4" />,
  bars: () => <path d="M4 2.4v7.2M8 2.4v7.2" stroke-width="2" />,
  slash: () => <path d="M10.25 6a4.25 4.25 0 1 1-8.5 0 4.25 4.25 0 0 1 8.5 0zM3.2 8.8l5.6-5.6" />,
  dot: () => <circle cx="6" cy="6" r="3.6" fill="currentColor" stroke="none" />,
  moon: () => (
    <path d="M9.6 7.6A4.4 4.4 0 0 1 4.4 2.4a4.4 4.4 0 1 0 5.2 5.2z" fill="currentColor" />
  ),
  diamond: () => <path d="M6 1.6 10.4 6 6 10.4 1.6 6z" />,
  dotted: () => <circle cx="6" cy="6" r="4.25" stroke-dasharray="1.6 1.74" />,
}

/** A status's shape. Always beside its word, so it is hidden from assistive technology. */
export function Glyph(props: { name: GlyphName; size?: number }) {
  return (
    <svg
      class="glyph"
      viewBox="0 0 12 12"
      width={props.size ?? 12}
      height={props.size ?? 12}
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      aria-hidden="true"
    >
      {shapes[props.name]()}
    </svg>
  )
}

const icons = {
  logo: 'M8 1.5 14.5 8 8 14.5 1.5 8z',
  more: 'M8 3.2v.1M8 8v.1M8 12.7v.1',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14',
  copy: 'M6 5.5h7.5V13a.5.5 0 0 1-.5.5H6.5A.5.5 0 0 1 6 13zM3 10.5a.5.5 0 0 1-.5-.5V3a.5.5 0 0 1 .5-.5h7a.5.5 0 0 1 .5.5',
  done: 'M3 8.5 6.5 12 13 4.5',
  close: 'M4 4l8 8M12 4l-8 8',
  right: 'M6 3.5 10.5 8 6 12.5',
  left: 'M10 3.5 5.5 8 10 12.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  up: 'M3.5 10 8 5.5 12.5 10',
  download: 'M8 2v8.5M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  upload: 'M8 10.5V2M4.5 5.5 8 2l3.5 3.5M2.5 13.5h11',
  picture: 'M2.5 3h11v10h-11zM2.5 11l3.5-4 3 3.5 1.8-2 2.7 3',
  worker: 'M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3',
  disk: 'M2.5 4.5c0-1.1 2.5-2 5.5-2s5.5.9 5.5 2-2.5 2-5.5 2-5.5-.9-5.5-2zM2.5 4.5v7c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2v-7M2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2',
  jobs: 'M2.5 3.5h11M2.5 8h11M2.5 12.5h11',
  alert: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5v.1',
  pin: 'M5.5 2.5h5M6.5 2.5v4L4 9.5h8L9.5 6.5v-4M8 9.5v4',
  wrap: 'M2.5 4h11M2.5 8h9a2 2 0 0 1 0 4H8M9.5 10.5 8 12l1.5 1.5M2.5 12H5',
} as const

export type IconName = keyof typeof icons

export function Icon(props: { name: IconName; size?: number }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={props.size ?? 16}
      height={props.size ?? 16}
      fill={props.name === 'logo' ? 'currentColor' : 'none'}
      stroke={props.name === 'logo' ? 'none' : 'currentColor'}
      stroke-width={props.name === 'more' ? 2.2 : 1.4}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={icons[props.name]} />
    </svg>
  )
}
