import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadPage, policyFor } from '../../../src/lib/http/page.ts'

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe('the policy of a page', () => {
  it('lets exactly its inline scripts run', () => {
    const policy = policyFor(
      '<script type="module">let a = 1</script><SCRIPT>\n2\n</SCRIPT><script src="x.js"></script>',
    )
    expect(policy).toContain(`script-src ${hash('let a = 1')} ${hash('\n2\n')};`)
    expect(policy).not.toContain('unsafe-eval')
  })

  it('lets none run where there is none, and nobody frame the page', () => {
    const policy = policyFor('<p>hello</p>')
    expect(policy).toContain("script-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
  })
})

describe('a page', () => {
  it('has the line ends that a browser hashes', async () => {
    const { html, policy } = await loadPage({ html: '<script>a\r\nb\rc</script>' })
    expect(html).toBe('<script>a\nb\nc</script>')
    expect(policy).toContain(hash('a\nb\nc'))
  })

  it('that is not there says so', async () => {
    await expect(loadPage({ file: '/nowhere/home.html' })).rejects.toMatchObject({ hint: 'Run `npm run build`.' })
  })
})
