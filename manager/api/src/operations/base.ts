/** Everything under this path; the four store operations live in the shaman package. */
export const apiBase = '/api/v3'
