import { expect, it } from 'vitest';
import { openTerminal, paint } from './terminal.ts';

it('colour is put around a text, and around nothing when there is none', () => {
  const terminal = { ...openTerminal(), colour: true };
  expect(paint(terminal, 31, 'ERROR: ')).toBe('\x1b[31mERROR: \x1b[0m');
  expect(paint(terminal, 31, '')).toBe('');
});

it('text stays as it is without colour', () => {
  expect(paint({ ...openTerminal(), colour: false }, 31, 'ERROR: ')).toBe('ERROR: ');
});
