/** The 97.5th percentile of the normal distribution, as it is usually rounded: intervals of 95 %. */
const Z = 1.96;

/**
 * The lower bound of the 95 % confidence interval for a share, by Wilson's score method: what the share is at least,
 * when so many of so many passed. Small samples and shares near 1 are where a plain share says too much.
 *
 * E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American
 * Statistical Association 22 (1927), 209–212; method 3 in R. G. Newcombe, Statistics in Medicine 17 (1998), 857–872.
 *
 * @returns between 0 and 1; 0 when nothing was tried
 */
export function wilsonLowerBound(passed: number, tried: number): number {
  if (tried === 0) return 0;
  const share = passed / tried;
  const square = Z * Z;
  const middle = share + square / (2 * tried);
  const half = Z * Math.sqrt((share * (1 - share)) / tried + square / (4 * tried * tried));
  return Math.max(0, (middle - half) / (1 + square / tried));
}

/** The bound as locks keep it. */
export const roundBound = (passed: number, tried: number): number =>
  Math.round(wilsonLowerBound(passed, tried) * 10_000) / 10_000;
