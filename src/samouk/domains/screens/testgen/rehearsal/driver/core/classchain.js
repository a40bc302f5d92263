// Class chains of XCUITest: **/XCUIElementTypeCell[`name == "row"`][2]/XCUIElementTypeButton[-1].
'use strict';

const {elements, walk} = require('./app.js');
const {predicate} = require('./predicate.js');
const {BadSelector} = require('./words.js');

/** Page-source nodes under `root` (not itself) that a chain names, in the order of the screen. */
function chain(text, root) {
  let found = [root];
  for (const {deep, type, filters} of steps(text)) {
    const next = [];
    for (const node of found) {
      let some = deep ? [...walk(node)].slice(1) : elements(node);
      some = some.filter((one) => type === '*' || type === 'XCUIElementTypeAny' || one.tagName === type);
      for (const filter of filters) {
        some = filter(some);
      }
      next.push(...some);
    }
    found = [...new Set(next)];
  }
  return found;
}

function steps(text) {
  const out = [];
  let rest = text.trim();
  while (rest) {
    const head = /^(\*\*\/)?(XCUIElementType\w+|\*)/.exec(rest);
    if (!head) {
      throw new BadSelector(`a class chain names types such as XCUIElementTypeButton; look at "${rest}" in: ${text}`);
    }
    rest = rest.slice(head[0].length);
    const filters = [];
    while (rest.startsWith('[')) {
      const [filter, length] = filterOf(rest, text);
      filters.push(filter);
      rest = rest.slice(length);
    }
    out.push({deep: Boolean(head[1]), type: head[2], filters});
    if (rest && !rest.startsWith('/')) {
      throw new BadSelector(`unexpected "${rest}" in: ${text}`);
    }
    rest = rest.slice(1);
  }
  if (!out.length) {
    throw new BadSelector('a class chain is empty');
  }
  return out;
}

function filterOf(rest, text) {
  const index = /^\[(-?\d+)\]/.exec(rest);
  if (index) {
    const nth = Number(index[1]);
    if (!nth) {
      throw new BadSelector(`places of a class chain count from 1, or from -1 at the end: ${text}`);
    }
    return [(some) => some.slice(nth > 0 ? nth - 1 : nth).slice(0, 1), index[0].length];
  }
  const own = /^\[`((?:[^`]|``)*)`\]/.exec(rest);
  const inner = /^\[\$((?:[^$]|\$\$)*)\$\]/.exec(rest);
  if (own) {
    const test = predicate(own[1].replaceAll('``', '`'));
    return [(some) => some.filter(test), own[0].length];
  }
  if (inner) {
    const test = predicate(inner[1].replaceAll('$$', '$'));
    return [(some) => some.filter((one) => [...walk(one)].slice(1).some(test)), inner[0].length];
  }
  throw new BadSelector(`expected [number], [\`predicate\`] or [$predicate$] at "${rest}" in: ${text}`);
}

module.exports = {chain};
