// What plays, and the way back.
import { CopyButton } from '../shared/copy-button.tsx'
import { formatCodec, shortContent } from '../shared/format.ts'
import { Icon, Mark } from '../shared/icons.tsx'
import type { SessionState } from './session.ts'

const codecWord = (sent: SessionState['sent'][number]): string =>
  `${formatCodec(sent.codec)}${sent.transcoded ? ` (from ${formatCodec(sent.sourceCodec)})` : ''}`

interface Props {
  readonly base: string
  readonly content: string
  readonly state: SessionState
  onStats(): void
}

export function TopBar({ base, content, state, onStats }: Props) {
  return (
    <header class="top-bar">
      <a class="home-link" href={`${base}/`} aria-label="mcpx home" title="Home">
        <Mark size={30} />
      </a>
      <div class="what">
        <h1 title={content}>{content ? shortContent(content) : 'mcpx'}</h1>
        {state.sent.length > 0 && <p>{state.sent.map(codecWord).join(' + ')}</p>}
      </div>
      {state.media && (
        // On a narrow screen the row of controls has no room for it.
        <button type="button" class="chip narrow-only" aria-label="Statistics" title="Statistics" onClick={onStats}>
          <Icon name="stats" size={16} />
        </button>
      )}
      {content && <CopyButton text={content} label="Copy CID" />}
    </header>
  )
}
