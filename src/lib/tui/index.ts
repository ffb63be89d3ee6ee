// The terminal monitor as commands see it. Ink and React are loaded when the screen opens, and not before.
import type { ScreenOptions } from './screen.tsx'

export type { AppProps } from './app.tsx'
export { createFeed, type Feed } from './feed.ts'
export { snapshotOf, type TableText } from './snapshot.ts'

/** React checks itself at every step unless it is told that this is no development. */
export async function openScreen(options: ScreenOptions): Promise<void> {
  process.env.NODE_ENV ??= 'production'
  const screen = await import('./screen.tsx')
  return screen.openScreen(options)
}
