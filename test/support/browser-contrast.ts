// How well texts of a page stand out from what is behind them, as WCAG 2.2 measures it.
import type { Page } from 'playwright-core'

interface Styled {
  readonly parentElement: Styled | null
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string | null }>
  readonly tagName: string
  matches(selector: string): boolean
  closest(selector: string): unknown
  checkVisibility(): boolean
}
interface Canvas {
  width: number
  height: number
  getContext(
    kind: '2d',
    options: object,
  ): {
    fillStyle: string
    clearRect(x: number, y: number, width: number, height: number): void
    fillRect(x: number, y: number, width: number, height: number): void
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Iterable<number> }
  }
}
declare const document: { querySelectorAll(selector: string): Iterable<Styled>; createElement(name: 'canvas'): Canvas }
declare const getComputedStyle: (
  element: Styled,
  pseudo?: string,
) => {
  readonly color: string
  readonly backgroundColor: string
  readonly fontSize: string
  readonly fontWeight: string
}

/** Texts that have less than AA asks for: 4.5, for large ones 3. What is disabled may. Gradients are not looked at. */
export const faintTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const rgba = (css: string) => {
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = css
      context.fillRect(0, 0, 1, 1)
      return [...context.getImageData(0, 0, 1, 1).data]
    }
    const over = (top: number[], below: number[]) =>
      [0, 1, 2].map((at) => top[at]! * (top[3]! / 255) + below[at]! * (1 - top[3]! / 255))
    const behind = (element: Styled | null): number[] => {
      if (!element) return [255, 255, 255]
      const own = rgba(getComputedStyle(element).backgroundColor)
      return own[3] === 255 ? own : over(own, behind(element.parentElement))
    }
    const light = (colour: number[]) => {
      const [r, g, b] = colour.map((value) =>
        value / 255 <= 0.04045 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      )
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
    }
    const found: string[] = []
    const check = (element: Styled, text: string, pseudo?: string) => {
      const { color, fontSize, fontWeight } = getComputedStyle(element, pseudo)
      const ground = behind(element)
      const lights = [light(over(rgba(color), ground)), light(ground)]
      const ratio = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05)
      const px = Number.parseFloat(fontSize)
      const isLarge = px >= 24 || (px >= 18.66 && Number(fontWeight) >= 700)
      if (ratio < (isLarge ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${text.trim().slice(0, 40)} (${color})`)
    }
    for (const element of document.querySelectorAll('body *')) {
      if (
        !element.checkVisibility() ||
        element.closest(':disabled') ||
        element.closest('noscript, script, style, option, svg')
      )
        continue
      if (element.matches('input:placeholder-shown')) check(element, 'placeholder', '::placeholder')
      const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent?.trim())
      if (own.length > 0) check(element, own[0]!.textContent!)
    }
    return [...new Set(found)]
  })
