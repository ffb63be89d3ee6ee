// Why media time begins to run, or to stand still.

/**
 * Asked for: `start`, `seek`, `pause`, `play`, and `end`, after which there is nothing more. Not asked for: `underrun`, content did
 * not come in time; `loop`, the content begins anew; `server`, the server itself stood still.
 */
export const epochCauses = ['start', 'seek', 'pause', 'play', 'end', 'underrun', 'loop', 'server'] as const
export type EpochCause = (typeof epochCauses)[number]
