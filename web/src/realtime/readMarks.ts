/** The reader's own marks on their way to the server: only the furthest of each stream, and again after a break. */
import { askPatiently } from './patience'
import { LinkLost, type Link } from './wire'

export class ReadMarks {
  private readonly wanted = new Map<string, number>()
  private readonly said = new Map<string, number>()
  private link: Link | null = null

  constructor(
    private readonly moved: (stream: string, seq: number) => void,
    private readonly failed: (link: Link) => void,
  ) {}

  read(stream: string, seq: number): void {
    if (seq <= (this.wanted.get(stream) ?? 0)) return
    this.wanted.set(stream, seq)
    void this.say(stream)
  }

  connected(link: Link): void {
    this.link = link
    for (const stream of this.wanted.keys()) void this.say(stream)
  }

  disconnected(): void {
    this.link = null
  }

  private async say(stream: string): Promise<void> {
    const { link } = this
    const seq = this.wanted.get(stream) ?? 0
    if (!link || seq <= (this.said.get(stream) ?? 0)) return
    try {
      const answer = await askPatiently(link, 'read', { stream, seq })
      if (!answer.ok) return
      this.said.set(stream, Math.max(answer.seq, seq))
      this.moved(stream, answer.seq)
    } catch (cause) {
      if (cause instanceof LinkLost) this.failed(link)
    }
  }
}
