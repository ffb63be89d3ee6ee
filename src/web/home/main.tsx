// The home page.
import { render } from 'preact'
import { readPageBase } from '../shared/base-path.ts'
import { drawPlainText } from '../shared/draw-plain-text.ts'
import { App } from './app.tsx'
import './home.css'

drawPlainText()
render(<App base={readPageBase(location.pathname)} />, document.getElementById('root')!)
