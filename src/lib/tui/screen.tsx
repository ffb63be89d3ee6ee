// Takes the terminal over and gives it back, whatever ends the command.
import { render } from 'ink'
import { App, type AppProps } from './app.tsx'
import { ColourContext } from './theme.ts'

export interface ScreenOptions extends AppProps {
  readonly isColoured: boolean
  /** Ends the screen. */
  readonly signal: AbortSignal
}

/** Changes come once an interval, keys at any time: more frames than these nobody tells apart. */
const maxFps = 20

/** Resolves when the person quits or the signal aborts, with the terminal as it was. Rejects with what went wrong inside. */
export async function openScreen({ isColoured, signal, ...props }: ScreenOptions): Promise<void> {
  const screen = render(
    <ColourContext value={isColoured}>
      <App {...props} />
    </ColourContext>,
    { alternateScreen: true, incrementalRendering: true, interactive: true, exitOnCtrlC: false, maxFps },
  )
  const restore = () => screen.unmount()
  // Before those who print the error: it would go down with the alternate screen.
  process.prependListener('uncaughtException', restore)
  process.prependListener('unhandledRejection', restore)
  signal.addEventListener('abort', restore, { once: true })
  try {
    if (signal.aborted) restore()
    await screen.waitUntilExit()
  } finally {
    process.removeListener('uncaughtException', restore)
    process.removeListener('unhandledRejection', restore)
    signal.removeEventListener('abort', restore)
    props.feed.close()
  }
}
