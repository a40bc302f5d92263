// The part of NSPredicate that the XCUITest driver documents, over the attributes of its page source.
'use strict';

const {BadSelector, Words, whole} = require('./words.js');

const SIGNS = ['==', '!=', '<>', '>=', '<=', '&&', '||', '=', '>', '<', '!', '(', ')', '{', '}', '[', ']', ',', '$'];
const FLAGS = ['enabled', 'visible', 'accessible', 'selected', 'hittable', 'focused'];
const WORDS = ['type', 'name', 'label', 'value', 'placeholderValue', 'identifier'];
const NUMBERS = ['index', 'x', 'y', 'width', 'height'];
const TEXTUAL = ['BEGINSWITH', 'CONTAINS', 'ENDSWITH', 'LIKE', 'MATCHES'];

/** A function of a page-source node; throws BadSelector. */
function predicate(text) {
  const words = new Words(text, SIGNS);
  const test = either(words);
  if (words.next.kind !== 'end') {
    throw words.bad('nothing is known that could stand');
  }
  return test;
}

function either(words) {
  let left = both(words);
  while (words.accept('word', 'OR') || words.accept('sign', '||')) {
    const [one, other] = [left, both(words)];
    left = (node) => one(node) || other(node);
  }
  return left;
}

function both(words) {
  let left = single(words);
  while (words.accept('word', 'AND') || words.accept('sign', '&&')) {
    const [one, other] = [left, single(words)];
    left = (node) => one(node) && other(node);
  }
  return left;
}

function single(words) {
  if (words.accept('word', 'NOT') || words.accept('sign', '!')) {
    const test = single(words);
    return (node) => !test(node);
  }
  if (words.accept('sign', '(')) {
    const test = either(words);
    words.expect('sign', ')');
    return test;
  }
  if (words.accept('word', 'TRUEPREDICATE')) {
    return () => true;
  }
  if (words.accept('word', 'FALSEPREDICATE')) {
    return () => false;
  }
  return comparison(words);
}

function comparison(words) {
  const key = words.expect('word').value;
  const read = reader(key);
  const operator = operatorOf(words);
  const fold = folding(words);
  if (operator === 'IN') {
    const values = listed(words).map((one) => coerced(key, one));
    return (node) => values.some((value) => fold(read(node)) === fold(value));
  }
  if (operator === 'BETWEEN') {
    const [low, high] = listed(words).map((one) => coerced(key, one));
    return (node) => read(node) >= low && read(node) <= high;
  }
  const value = coerced(key, literal(words));
  return compare(operator, read, value, fold);
}

function operatorOf(words) {
  for (const sign of ['==', '=', '!=', '<>', '>=', '<=', '>', '<']) {
    if (words.accept('sign', sign)) {
      return {'=': '==', '<>': '!='}[sign] ?? sign;
    }
  }
  for (const word of [...TEXTUAL, 'IN', 'BETWEEN']) {
    if (words.accept('word', word)) {
      return word;
    }
  }
  throw words.bad('expected a comparison');
}

/** `[c]` and `[cd]` compare without regard to case, and to accents. */
function folding(words) {
  if (!words.accept('sign', '[')) {
    return (value) => value;
  }
  const how = words.expect('word').value;
  words.expect('sign', ']');
  return (value) => {
    let out = value;
    if (typeof out === 'string' && how.includes('c')) {
      out = out.toLowerCase();
    }
    return typeof out === 'string' && how.includes('d') ? out.normalize('NFD').replace(/\p{M}/gu, '') : out;
  };
}

function compare(operator, read, value, fold) {
  const wanted = fold(value);
  if (TEXTUAL.includes(operator)) {
    if (typeof wanted !== 'string') {
      throw new BadSelector(`${operator} compares words, and ${value} is none`);
    }
    const test = textual(operator, wanted);
    return (node) => {
      const found = read(node);
      return found !== null && test(fold(String(found)));
    };
  }
  const tests = {
    '==': (found) => found === wanted,
    '!=': (found) => found !== wanted,
    '>=': (found) => found >= wanted,
    '<=': (found) => found <= wanted,
    '>': (found) => found > wanted,
    '<': (found) => found < wanted,
  };
  return (node) => tests[operator](fold(read(node)));
}

function textual(operator, wanted) {
  switch (operator) {
    case 'BEGINSWITH':
      return (found) => found.startsWith(wanted);
    case 'ENDSWITH':
      return (found) => found.endsWith(wanted);
    case 'CONTAINS':
      return (found) => found.includes(wanted);
    default: {
      const like = wanted.replace(/[\\^$.+()[\]{}|]/g, '\\$&').replace(/\*/g, '[^]*').replace(/\?/g, '[^]');
      const pattern = whole(operator === 'LIKE' ? like : wanted);
      return (found) => pattern.test(found);
    }
  }
}

function reader(key) {
  const name = key.replace(/^wd(.)/, (_, first) => first.toLowerCase()).replace(/^rect\./, '');
  if (FLAGS.includes(name)) {
    return (node) => node.getAttribute(name === 'hittable' ? 'visible' : name) === 'true';
  }
  if (NUMBERS.includes(name)) {
    return (node) => Number(node.getAttribute(name));
  }
  if (WORDS.includes(name)) {
    const attribute = name === 'identifier' ? 'name' : name;
    return (node) => (node.hasAttribute(attribute) ? node.getAttribute(attribute) : null);
  }
  throw new BadSelector(`"${key}" is no attribute; there are ${[...WORDS, ...FLAGS, ...NUMBERS].join(', ')}`);
}

function literal(words) {
  for (const kind of ['text', 'number', 'word']) {
    const token = words.accept(kind);
    if (token) {
      return token;
    }
  }
  throw words.bad('expected a value');
}

function listed(words) {
  const values = [];
  words.expect('sign', '{');
  while (!words.accept('sign', '}')) {
    values.push(literal(words));
    words.accept('sign', ',');
  }
  return values;
}

/** A literal as the type of its attribute: flags are true, false, YES, NO, 1 or 0. */
function coerced(key, {kind, value}) {
  const name = key.replace(/^wd(.)/, (_, first) => first.toLowerCase());
  if (kind === 'word' && /^(nil|null)$/i.test(value)) {
    return null;
  }
  if (FLAGS.includes(name)) {
    return /^(true|yes|1)$/i.test(value);
  }
  if (kind === 'word' && !/^(true|false|yes|no)$/i.test(value)) {
    throw new BadSelector(`the words ${value} need quotation marks`);
  }
  const numeric = NUMBERS.includes(name.replace(/^rect\./, ''));
  return numeric ? Number(value) : value;
}

module.exports = {predicate};
