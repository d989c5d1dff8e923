import { ShamanError } from './errors.ts'

/** Bounds what is under way at once, and with it the memory that takes. */
export interface Places {
  /** Takes a place, until what this returns is called; throws `STORE_BUSY` when none is left. */
  take(): () => void
}

/** Creates so many places. */
export function createPlaces(most: number): Places {
  let taken = 0
  return {
    take() {
      if (taken >= most) {
        throw new ShamanError('STORE_BUSY', `${most} uploads are under way already`, {
          hint: 'Ask again in a moment.',
        })
      }
      taken += 1
      let isHeld = true
      return () => {
        if (isHeld) taken -= 1
        isHeld = false
      }
    },
  }
}
