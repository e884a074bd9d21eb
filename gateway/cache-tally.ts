/** How often a cache was asked, and had what was wanted. */
export interface CacheTally {
  hits: number;
  misses: number;
}
