/** A number as it was written, for those that JavaScript would round. `JSON.stringify` writes it out as it was. */
export interface RawNumber {
  readonly rawJSON: string;
}

// In every Node since 22, and not yet in the types.
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON(source: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

export const rawNumber = (source: string): RawNumber => rawJSON(source);
export const isRawNumber = (value: unknown): value is RawNumber => isRawJSON(value);
