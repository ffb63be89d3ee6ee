// The dashboard.
import { render } from 'preact'
import { readPageBase } from '../shared/base-path.ts'
import { App } from './app.tsx'
import './dashboard.css'

render(<App base={readPageBase(location.pathname)} />, document.getElementById('root')!)
