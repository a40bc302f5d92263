// Splits the small languages of selectors into tokens; each language names its signs.
'use strict';

const ESCAPES = {n: '\n', t: '\t', r: '\r'};

/** A selector that its language does not know; `message` says where. */
class BadSelector extends Error {}

/** Tokens: {kind: 'word' | 'number' | 'text' | 'sign', value}. `signs` the longest first. */
class Words {
  constructor(text, signs) {
    this.text = text;
    this.tokens = tokens(text, signs);
    this.place = 0;
  }

  get next() {
    return this.tokens[this.place] ?? {kind: 'end', value: ''};
  }

  /** Takes the next token if it is this one (words in any case of letters); else null. */
  accept(kind, value) {
    const {kind: found, value: told} = this.next;
    const same = value === undefined || (kind === 'word' ? told.toUpperCase() === value.toUpperCase() : told === value);
    return found === kind && same ? this.tokens[this.place++] : null;
  }

  expect(kind, value) {
    const token = this.accept(kind, value);
    if (!token) {
      throw this.bad(`expected ${value ?? kind}`);
    }
    return token;
  }

  bad(why) {
    return new BadSelector(`${why} before "${this.next.value || 'the end'}" in: ${this.text}`);
  }
}

function tokens(text, signs) {
  const out = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const space = /^\s+/.exec(rest);
    const number = /^-?\d+(\.\d+)?/.exec(rest);
    const word = /^[\p{L}_@$][\p{L}\d_.@$]*/u.exec(rest);
    const sign = signs.find((one) => rest.startsWith(one));
    if (space) {
      at += space[0].length;
    } else if (rest[0] === '"' || rest[0] === "'") {
      const [value, length] = quoted(rest, text);
      out.push({kind: 'text', value});
      at += length;
    } else if (number) {
      out.push({kind: 'number', value: number[0]});
      at += number[0].length;
    } else if (word) {
      // A dot belongs to a word (rect.x) unless the language has it as a sign (a.b()).
      const value = signs.includes('.') ? word[0].split('.')[0] : word[0];
      out.push({kind: 'word', value});
      at += value.length;
    } else if (sign) {
      out.push({kind: 'sign', value: sign});
      at += sign.length;
    } else {
      throw new BadSelector(`unexpected "${rest[0]}" in: ${text}`);
    }
  }
  return out;
}

function quoted(rest, text) {
  let value = '';
  for (let at = 1; at < rest.length; at += 1) {
    if (rest[at] === rest[0]) {
      return [value, at + 1];
    }
    if (rest[at] === '\\') {
      at += 1;
      const unicode = /^u([0-9a-fA-F]{4})/.exec(rest.slice(at));
      value += unicode ? String.fromCharCode(parseInt(unicode[1], 16)) : (ESCAPES[rest[at]] ?? rest[at]);
      at += unicode ? 4 : 0;
    } else {
      value += rest[at];
    }
  }
  throw new BadSelector(`a quotation that nothing closes in: ${text}`);
}

/** A regular expression of Java or of ICU that matches the whole of a text. */
function whole(pattern, flags = 'u') {
  const plain = pattern.replace(/\\Q([^]*?)(\\E|$)/g, (_, words) => words.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  const inline = /^\(\?([imsu]+)\)/.exec(plain);
  const all = [...new Set(flags + (inline ? inline[1] : ''))].join('');
  const body = inline ? plain.slice(inline[0].length) : plain;
  for (const tried of [all, all.replace('u', '')]) {
    try {
      return new RegExp(`^(?:${body})$`, tried);
    } catch (error) {
      if (!tried.includes('u')) {
        throw new BadSelector(`${pattern} is no regular expression: ${error.message}`);
      }
    }
  }
  throw new BadSelector(`${pattern} is no regular expression`);
}

module.exports = {BadSelector, Words, whole};
