// The player page: connects before anything is drawn, so that the first frame waits for nothing of ours.
import { render } from 'preact'
import { readPlayerAddress } from '../shared/base-path.ts'
import { drawPlainText } from '../shared/draw-plain-text.ts'
import { openSessionFromFragment } from '../shared/token-form.tsx'
import { App } from './app.tsx'
import { Session } from './session.ts'
import './player.css'

drawPlainText()
const address = readPlayerAddress(location)
const session = new Session(address)
if (location.hash.includes('token=')) void openSessionFromFragment(address.base).then(() => session.connect())
else session.connect()
addEventListener('pagehide', () => session.leave())
addEventListener('pageshow', (event) => {
  if (event.persisted) session.connect()
})
render(<App session={session} address={address} />, document.getElementById('root')!)
