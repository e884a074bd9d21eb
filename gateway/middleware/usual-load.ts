/** A surge shows in so many more intervals with too much than without, and its end in so many in a row without. */
const surgeIntervals = 3;
const calmIntervals = 5;
/** Intervals with answers and without a surge, after which it is known what is usual: a second at least. */
const knownAfter = 25;
/** Of what is answered at best; less is within what varies. */
const surgeFactor = 1.25;
/** So long may be told nothing of those who are held: then something else is wrong, and they have to learn of it. */
const longestUnsureMs = 1000;
/** Fewer under way would leave the actors without work between two groups of writes. */
const fewest = 32;
/** So many times as long as usual those may take who are let in during a surge. */
const slack = 1.25;
/** So many are let in during a surge, however slow they are. */
const fewestInSurge = 8;
/** Of what is known of a surge, so much is kept over an interval. */
const kept = 0.5;

/** What comes of those who are held: they are let in by and by, refused, or held until the next interval tells more. */
export type Verdict = 'calm' | 'surge' | 'unsure';

/**
 * What is usual in this shop: how many asks are under way at once, and how many are answered at best. A surge is more
 * asks than ever are answered, in several intervals, while all usual places are taken. So it is neither a burst, which
 * is over by then, nor slow actors, whom no more than usual is asked.
 */
export class UsualLoad {
  /** The most under way within an interval, smoothed: it rises within a second, and falls within half a minute. */
  #underWay = fewest;
  /** It rises within half a second, and falls within a few: what is asked may cost more than what was asked before. */
  #bestPerMs = 0;
  #learnt = 0;
  #isSurge = false;
  /** How much speaks for a surge. */
  #score = 0;
  /** Since the interval before the last answer. */
  #sinceAnswerMs = 0;
  /** What is answered in this surge, smoothed over some intervals. */
  #surgePerMs = 0;
  /** Since some are held. */
  #holding = { answered: 0, ms: 0 };
  #came = 0;
  #answered = 0;
  #most = 0;

  get isSurge(): boolean {
    return this.#isSurge;
  }

  /**
   * How many may be under way before it is asked whether this is a surge. In a surge: as many as are answered in the
   * time that the usual ones take. Refusals use processor time too, so these are fewer than usual.
   */
  get places(): number {
    if (this.#learnt < knownAfter) return Infinity;
    const usual = Math.ceil(this.#underWay);
    if (!this.#isSurge) return usual;
    const inTime = Math.floor((slack * usual * this.#surgePerMs) / this.#bestPerMs);
    return Math.min(usual, Math.max(fewestInSurge, inTime));
  }

  /** One more is asked, while so many are under way or held. */
  came(others: number): void {
    this.#came += 1;
    this.#most = Math.max(this.#most, others + 1);
  }

  answered(): void {
    this.#answered += 1;
  }

  /**
   * @param tookMs - how long the interval was, which began when the one before ended
   * @param isHolding - whether some are held, or were refused
   */
  endInterval(tookMs: number, intervalMs: number, isHolding: boolean): Verdict {
    const wasHolding = this.#holding.ms > 0;
    this.#holding.answered += this.#answered;
    this.#holding.ms += tookMs;
    this.#sinceAnswerMs += tookMs;
    const bestPerMs = Math.max(this.#bestPerMs, this.#holding.answered / this.#holding.ms);
    const isTooMuch = isHolding && this.#came / tookMs > surgeFactor * bestPerMs;
    if (this.#isSurge) {
      const weight = kept ** (tookMs / intervalMs);
      this.#surgePerMs = weight * this.#surgePerMs + (1 - weight) * (this.#answered / tookMs);
      const calm = Math.max(1, Math.floor(tookMs / intervalMs));
      this.#score = isTooMuch ? calmIntervals : this.#score - calm;
      if (this.#score <= 0) [this.#isSurge, this.#score] = [false, 0];
    } else if (isTooMuch) {
      this.#score += 1;
      if (this.#score >= surgeIntervals) {
        [this.#isSurge, this.#score] = [true, calmIntervals];
        this.#surgePerMs = this.#holding.answered / this.#holding.ms;
      }
    } else {
      this.#score = Math.max(0, this.#score - 1);
      // What is asked in a surge is not usual, and neither is what is answered beside so many refusals.
      if (this.#score === 0 && this.#answered > 0) this.#learn(this.#answered / this.#sinceAnswerMs);
    }
    // One in which they were not held all along, or nobody was answered, tells nothing of them.
    const isTelling = this.#answered > 0 && wasHolding;
    const isUnsure = this.#score > 0 || (isHolding && !isTelling && this.#holding.ms < longestUnsureMs);
    if (!isHolding || (isTelling && !isUnsure)) this.#holding = { answered: 0, ms: 0 };
    // Answers that come in groups leave intervals without any, which count as well.
    if (this.#answered > 0) this.#sinceAnswerMs = 0;
    [this.#came, this.#answered, this.#most] = [0, 0, 0];
    if (this.#isSurge) return 'surge';
    return isUnsure ? 'unsure' : 'calm';
  }

  #learn(answeredPerMs: number): void {
    this.#learnt += 1;
    // What a pause held up comes, and is answered, at once when it is over: neither is usual.
    const most = Math.max(fewest, Math.min(this.#most, 2 * this.#underWay));
    this.#underWay += (most - this.#underWay) * (most > this.#underWay ? 0.05 : 0.002);
    const rate = this.#bestPerMs === 0 ? answeredPerMs : Math.min(answeredPerMs, 2 * this.#bestPerMs);
    this.#bestPerMs += (rate - this.#bestPerMs) * (rate > this.#bestPerMs ? 0.1 : 0.02);
  }
}
