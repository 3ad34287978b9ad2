/** An id and its moment. */
export interface Entry {
  readonly id: string;
  readonly at: number;
}

/** Ids in the order of their moments: a binary heap, so that none of the others is looked at. */
export class DueQueue {
  readonly #heap: Entry[] = [];

  /** The earliest moment. */
  get next(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(id: string, at: number): void {
    const heap = this.#heap;
    const entry = { id, at };
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.at <= at) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  /** Removes what is due at a moment. @returns the earliest first */
  takeDue(at: number): Entry[] {
    const due: Entry[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= at; first = this.#heap[0]) {
      due.push(first);
      this.#removeFirst();
    }
    return due;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const moved = heap.pop();
    if (moved === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const below = (heap[right]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? right : left;
      const child = heap[below];
      if (child === undefined || child.at >= moved.at) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = moved;
  }
}
