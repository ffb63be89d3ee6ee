import { afterAll } from 'vitest'
import type { Content } from '../../src/lib/content/open-store.ts'
import { openTestContent } from '../support/content.ts'
import { describeContentStore } from './content-store.ts'

let content: Content | undefined
afterAll(() => content?.close())

describeContentStore('the embedded store', async () => {
  content = await openTestContent()
  return content
})
