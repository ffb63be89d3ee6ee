// What plays, and the way back.
import { CopyButton } from '../shared/copy-button.tsx'
import { shortContent } from '../shared/format.ts'
import { Mark } from '../shared/icons.tsx'
import type { SessionState } from './session.ts'

const codecWord = (sent: SessionState['sent'][number]): string =>
  `${sent.codec.toUpperCase()}${sent.transcoded ? ` (from ${sent.sourceCodec.toUpperCase()})` : ''}`

export function TopBar({ base, content, state }: { base: string; content: string; state: SessionState }) {
  return (
    <header class="top-bar">
      <a class="home-link" href={`${base}/`} aria-label="mcpx home" title="Home">
        <Mark size={30} />
      </a>
      <div class="what">
        <h1 title={content}>{content ? shortContent(content) : 'mcpx'}</h1>
        {state.sent.length > 0 && <p>{state.sent.map(codecWord).join(' + ')}</p>}
      </div>
      {content && <CopyButton text={content} label="Copy CID" />}
    </header>
  )
}
