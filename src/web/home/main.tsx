// The home page.
import { render } from 'preact'
import { readPageBase } from '../shared/base-path.ts'
import { App } from './app.tsx'
import './home.css'

render(<App base={readPageBase(location.pathname)} />, document.getElementById('root')!)
