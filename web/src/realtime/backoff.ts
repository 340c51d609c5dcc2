/** Waiting longer after each failure, each time by chance, so that many clients never come back in step. */
export class Backoff {
  private failures = 0

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
    private readonly random: () => number,
  ) {}

  /** Between half and all of this step's time. */
  next(): number {
    const step = Math.min(this.firstMs * 2 ** this.failures, this.mostMs)
    this.failures += 1
    return step / 2 + (step / 2) * this.random()
  }

  reset(): void {
    this.failures = 0
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
