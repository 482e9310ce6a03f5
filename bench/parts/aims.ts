import type { Table } from './result.ts';

/** Something that was to be reached, and what was. */
export interface Aim {
  what: string;
  /** `at most 300 ms` */
  aim: string;
  measured: string;
  met: boolean;
}

/** A measure that is not to be above a limit. */
export function atMost(measured: number, limit: number, show: (value: number) => string): Omit<Aim, 'what'> {
  return { aim: `at most ${show(limit)}`, measured: show(measured), met: measured <= limit };
}

/** Something that is to hold for each of a number of things. */
export function all(measured: number, of: number): Omit<Aim, 'what'> {
  return { aim: `all ${of}`, measured: String(measured), met: measured === of };
}

/** The table of aims. */
export function tableOfAims(aims: readonly Aim[]): Table {
  return {
    title: 'Aims',
    columns: ['what', 'aim', 'measured', 'met'],
    rows: aims.map(({ what, aim, measured, met }) => [what, aim, measured, met ? 'met' : 'not met']),
  };
}
