import type { ManagerClient } from '@shaman-farm/manager-api'
import type { Browser } from 'playwright-core'

/** What every measure is given. */
export interface Measuring {
  browser: Browser
  client: ManagerClient
  url: string
  quick: boolean
  /** Hours of the page's time, and the minutes they are compressed into. */
  soak: { hours: number; minutes: number }
}

/** Figures by name; the unit is the end of the name. */
export type Figures = Record<string, number>
