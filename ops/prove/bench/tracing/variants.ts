/** What is measured, and the module that starts it. */
export const variants = {
  'as it is': new URL('../../../shop/compose.ts', import.meta.url).href,
  'without tracing': new URL('../../../shop/compose.ts?other', import.meta.url).href,
} as const;

export type VariantName = keyof typeof variants;
export const variantNames = Object.keys(variants) as VariantName[];
