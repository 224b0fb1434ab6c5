/** The size of the chart, which its place has before its code is there. */
export const CHART_HEIGHT = 260;
