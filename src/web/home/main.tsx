// The home page.
import { render } from 'preact'
import { readHomeBase } from '../shared/base-path.ts'
import { App } from './app.tsx'
import './home.css'

render(<App base={readHomeBase(location.pathname)} />, document.getElementById('root')!)
