// UiSelector and UiScrollable, in the Java that the strategy -android uiautomator takes.
'use strict';

const {walk} = require('./app.js');
const {BadSelector, Words, whole} = require('./words.js');

const SIGNS = ['(', ')', ',', '.', ';'];
const attribute = (name) => (node) => node.getAttribute(name) ?? '';
const lower = (value) => value.toLowerCase();

// As UiSelector does: whole words are compared by case, their beginnings and parts are not.
const equal = (name) => (wanted) => (node) => attribute(name)(node) === wanted;
const begins = (name) => (wanted) => (node) => lower(attribute(name)(node)).startsWith(lower(wanted));
const holds = (name) => (wanted) => (node) => lower(attribute(name)(node)).includes(lower(wanted));
const matches = (name) => (wanted) => {
  const pattern = whole(wanted);
  return (node) => pattern.test(attribute(name)(node));
};
const flag = (name) => (wanted) => (node) => (attribute(name)(node) === 'true') === wanted;

const TESTS = {
  text: ['text', equal('text')],
  textStartsWith: ['text', begins('text')],
  textContains: ['text', holds('text')],
  textMatches: ['text', matches('text')],
  description: ['text', equal('content-desc')],
  descriptionStartsWith: ['text', begins('content-desc')],
  descriptionContains: ['text', holds('content-desc')],
  descriptionMatches: ['text', matches('content-desc')],
  resourceId: ['text', equal('resource-id')],
  resourceIdMatches: ['text', matches('resource-id')],
  className: ['text', equal('class')],
  classNameMatches: ['text', matches('class')],
  packageName: ['text', equal('package')],
  packageNameMatches: ['text', matches('package')],
  index: ['number', (wanted) => (node) => Number(attribute('index')(node)) === wanted],
  checkable: ['word', flag('checkable')],
  checked: ['word', flag('checked')],
  clickable: ['word', flag('clickable')],
  enabled: ['word', flag('enabled')],
  focusable: ['word', flag('focusable')],
  focused: ['word', flag('focused')],
  longClickable: ['word', flag('long-clickable')],
  scrollable: ['word', flag('scrollable')],
  selected: ['word', flag('selected')],
};
const SETTERS = ['setMaxSearchSwipes', 'setAsVerticalList', 'setAsHorizontalList', 'setSwipeDeadZonePercentage'];

/** {find(root): nodes, scrolls: null or {container, target}}; throws BadSelector. */
function parse(text) {
  const words = new Words(text, SIGNS);
  words.expect('word', 'new');
  const parsed = words.accept('word', 'UiScrollable') ? scrollable(words) : {find: selector(words), scrolls: null};
  words.accept('sign', ';');
  if (words.next.kind !== 'end') {
    throw words.bad('nothing is known that could stand');
  }
  return parsed;
}

/** After `new`: UiSelector().text("a").instance(1) as a function from a root to the nodes under it. */
function selector(words) {
  words.expect('word', 'UiSelector');
  words.expect('sign', '(');
  words.expect('sign', ')');
  const tests = [];
  let [instance, inner, beside] = [null, null, null];
  while (words.accept('sign', '.')) {
    const name = words.expect('word').value;
    words.expect('sign', '(');
    if (name === 'instance') {
      instance = Number(words.expect('number').value);
    } else if (name === 'childSelector' || name === 'fromParent') {
      words.expect('word', 'new');
      const nested = selector(words);
      [inner, beside] = name === 'childSelector' ? [nested, beside] : [inner, nested];
    } else {
      tests.push(test(name, words));
    }
    words.expect('sign', ')');
  }
  return (root) => select(root, tests, instance, inner, beside);
}

function test(name, words) {
  if (!Object.hasOwn(TESTS, name)) {
    throw new BadSelector(`UiSelector has no method ${name}`);
  }
  const [kind, make] = TESTS[name];
  // The class name may also be told as a class; flags are true or false.
  const {value} = words.expect(kind);
  if (kind === 'word' && !['true', 'false'].includes(value)) {
    throw new BadSelector(`${name} takes true or false, not ${value}`);
  }
  return make(kind === 'word' ? value === 'true' : kind === 'number' ? Number(value) : value);
}

function select(root, tests, instance, inner, beside) {
  let found = [...walk(root)].filter(
    (node) => node !== root && node.tagName !== 'hierarchy' && tests.every((one) => one(node)),
  );
  if (instance !== null) {
    found = found.slice(instance, instance + 1);
  }
  if (inner) {
    found = found.flatMap((node) => inner(node));
  }
  if (beside) {
    found = found.flatMap((node) => beside(node.parentNode));
  }
  return [...new Set(found)];
}

/** After `new UiScrollable`: (selector).setters().scrollIntoView(selector). */
function scrollable(words) {
  words.expect('sign', '(');
  words.expect('word', 'new');
  const container = selector(words);
  words.expect('sign', ')');
  for (;;) {
    words.expect('sign', '.');
    const name = words.expect('word').value;
    words.expect('sign', '(');
    if (SETTERS.includes(name)) {
      words.accept('number');
      words.expect('sign', ')');
      continue;
    }
    const target = wanted(name, words);
    words.expect('sign', ')');
    return {find: (root) => container(root).slice(0, 1).flatMap((node) => target(node)), scrolls: {container, target}};
  }
}

function wanted(name, words) {
  if (name === 'scrollIntoView') {
    words.expect('word', 'new');
    return selector(words);
  }
  if (name === 'scrollTextIntoView' || name === 'scrollDescriptionIntoView') {
    const equals = equal(name === 'scrollTextIntoView' ? 'text' : 'content-desc')(words.expect('text').value);
    return (root) => [...walk(root)].filter((node) => node !== root && equals(node));
  }
  if (['scrollForward', 'scrollBackward', 'scrollToEnd', 'scrollToBeginning'].includes(name)) {
    words.accept('number');
    return () => [];
  }
  throw new BadSelector(`UiScrollable has no method ${name} here`);
}

module.exports = {parse};
