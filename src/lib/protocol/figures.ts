// The table of figures, for those who get them over a wire.
export {
  columnOf,
  eachFigure,
  type FigureUnit,
  figureSpec,
  type SampleFigure,
  sampleFigures,
  toneOfFigure,
} from '../model/figure-table.ts'
