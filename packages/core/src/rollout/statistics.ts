/**
 * How far the standard normal distribution goes for a share of it (Acklam's rational approximation, relative error below
 * 1.2e-9).
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const polynomial = (x: number, factors: readonly number[]): number =>
    factors.reduce((sum, factor) => sum * x + factor, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      polynomial(
        q,
        [
          -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
          2.938163982698783,
        ],
      ) / polynomial(q, [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1])
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    (q *
      polynomial(
        r,
        [
          -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
          2.506628277459239,
        ],
      )) /
    polynomial(
      r,
      [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1],
    )
  );
}

/**
 * How much more of the standard normal distribution lies above (erfc by its continued fraction and series; absolute error
 * below 1e-12).
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let k = 3; Math.abs(term) > 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k -= 1) fraction = k / (z + fraction);
  return density / (z + fraction);
}

/**
 * The Mann–Whitney U test, as canary judges use it (Kayenta): how likely values as large as `above` against `below` are,
 * where neither is larger as a rule. One-sided, normal approximation with the corrections for ties and continuity
 * (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 4.1).
 */
export function mannWhitney(above: readonly number[], below: readonly number[]): number {
  const [m, n] = [above.length, below.length];
  const all = [...above.map((value) => ({ value, mine: true })), ...below.map((value) => ({ value, mine: false }))];
  all.sort((a, b) => a.value - b.value);
  let [ranks, ties] = [0, 0];
  for (let from = 0; from < all.length; ) {
    let to = from;
    let mine = 0;
    while (to < all.length && all[to]?.value === all[from]?.value) {
      if (all[to]?.mine) mine += 1;
      to += 1;
    }
    const tied = to - from;
    // Values that are alike share the mean of their ranks.
    ranks += (mine * (from + 1 + to)) / 2;
    ties += tied ** 3 - tied;
    from = to;
  }
  const u = ranks - (m * (m + 1)) / 2;
  const total = m + n;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance <= 0 ? 1 : normalTail((u - (m * n) / 2 - 0.5) / Math.sqrt(variance));
}

/** Where a share lies that was seen as `hits` of `all`, with this confidence on each side (Wilson's score interval). */
export function wilson(hits: number, all: number, confidence: number): [low: number, high: number] {
  const z = normalQuantile(confidence);
  const share = hits / all;
  const middle = share + (z * z) / (2 * all);
  const half = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  const whole = 1 + (z * z) / all;
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)];
}

/**
 * By how much one share is at least larger than another, with this confidence (Newcombe 1998, Statistics in Medicine 17,
 * method 10: the score intervals of both).
 */
export function leastDifference(
  [hits, all]: readonly [number, number],
  [otherHits, otherAll]: readonly [number, number],
  confidence: number,
): number {
  const [share, other] = [hits / all, otherHits / otherAll];
  const [low] = wilson(hits, all, confidence);
  const [, high] = wilson(otherHits, otherAll, confidence);
  return share - other - Math.hypot(share - low, high - other);
}

/**
 * Where a percentile of what was sampled lies, with this confidence on each side and whatever the distribution: the
 * values at two ranks (binomial; Conover, Practical Nonparametric Statistics, 3.2). Infinite where there are too few.
 */
export function percentileInterval(
  values: readonly number[],
  share: number,
  confidence: number,
): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  // P(k of n lie below), summed from the log: (1 - share) ** n is 0 in a double for a few thousand.
  let log = n * Math.log1p(-share);
  let below = 0;
  for (let k = 0; k < n; k += 1) {
    below += Math.exp(log);
    if (below <= 1 - confidence) low = sorted[k] as number;
    if (below >= confidence) {
      high = sorted[k] as number;
      break;
    }
    log += Math.log((n - k) / (k + 1)) + Math.log(share) - Math.log1p(-share);
  }
  return [low, high];
}
