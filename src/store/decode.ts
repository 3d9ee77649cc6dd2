// Reading fields of records that other programs wrote: what is absent, null or of another type is the empty value.
import type { RawRecord } from './record-file.js';

export function text(raw: RawRecord, field: string): string {
  const value = raw[field];
  return typeof value === 'string' ? value : '';
}

/** The text, or undefined where it is absent or empty. */
export function optionalText(raw: RawRecord, field: string): string | undefined {
  return text(raw, field) || undefined;
}

export function count(raw: RawRecord, field: string): number {
  const value = raw[field];
  return typeof value === 'number' ? value : 0;
}

export function texts(raw: RawRecord, field: string): readonly string[] {
  const value = raw[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : none;
}

export function numbers(raw: RawRecord, field: string): readonly number[] {
  const value = raw[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'number') : none;
}

export function object(raw: RawRecord, field: string): Readonly<Record<string, unknown>> {
  const value = raw[field];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as RawRecord)
    : nothing;
}

/** A map of names to values that pass `is`. */
export function mapOf<T>(
  raw: RawRecord,
  field: string,
  is: (value: unknown) => value is T,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const [key, value] of Object.entries(object(raw, field))) if (is(value)) map.set(key, value);
  return map;
}

/** `raw` with the fields in `order` first, in this order, without those that are empty, and all unknown fields behind. */
export function ordered(raw: RawRecord, order: readonly string[]): RawRecord {
  const result: Record<string, unknown> = {};
  for (const field of order) if (!isEmpty(raw[field])) result[field] = raw[field];
  for (const field of Object.keys(raw)) if (!order.includes(field)) result[field] = raw[field];
  return result;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

const none: readonly never[] = Object.freeze([]);
const nothing: RawRecord = Object.freeze({});
