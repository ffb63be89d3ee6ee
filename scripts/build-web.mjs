// Builds each page of src/web to one HTML file with its script and style inside, so that a page needs no second request.
import { resolve } from 'node:path'
import { build } from 'vite'
import { viteSingleFile } from 'vite-plugin-singlefile'

const source = resolve(import.meta.dirname, '..', 'src', 'web')
const pages = ['home', 'player', 'dashboard', 'load']

/** Writes `<page>.html` for each page into `outDir`; rejects with Vite's message when one does not build. */
export async function buildWeb(outDir) {
  // One build a page: a single file cannot share chunks with another.
  for (const page of pages) {
    await build({
      configFile: false,
      root: source,
      logLevel: 'warn',
      publicDir: false,
      oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
      plugins: [viteSingleFile()],
      build: {
        outDir,
        emptyOutDir: false,
        target: 'es2022',
        // light-dark() stays as written: what replaces it in older browsers cannot change scheme within a page.
        cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
        modulePreload: false,
        rollupOptions: { input: resolve(source, `${page}.html`) },
      },
    })
  }
}
