// The dashboard.
import { render } from 'preact'
import { readPageBase } from '../shared/base-path.ts'
import { drawPlainText } from '../shared/draw-plain-text.ts'
import { App } from './app.tsx'
import './dashboard.css'

drawPlainText()
render(<App base={readPageBase(location.pathname)} />, document.getElementById('root')!)
