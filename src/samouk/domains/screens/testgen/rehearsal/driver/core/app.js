// The app under test: screens drawn in one XML file, a stack of those that are open, and what a person changed in them.
'use strict';

const fs = require('node:fs');
const {FakeApp} = require('@appium/fake-driver/build/lib/fake-app.js');
const {DOMParser, MIME_TYPE} = require('@xmldom/xmldom');

const RUNNING = {none: 1, background: 3, foreground: 4}; // the numbers of queryAppState
const SWITCH = /^XCUIElementTypeSwitch$/;
const WIDE = 100; // points; a switch alone has 51 to 63
const THUMB = 60; // points before the trailing edge of a wide one, in which it is turned
const CHECKED = /(^|, )(not )?checked$/; // how React Native tells it: "checkbox, not checked"
const MASK = '\u2022';
const ALLOWED = {any: /[^]/u, digits: /[0-9]/u, decimal: /[0-9.,-]/u, phone: /[0-9+*#() -]/u, letters: /\p{L}/u};

/** A fault of the file that draws the app, told in words for who wrote it. */
class BadApp extends Error {}

function elements(node) {
  return Array.from(node.childNodes).filter((one) => one.nodeType === 1);
}

function* walk(node) {
  yield node;
  for (const child of elements(node)) {
    yield* walk(child);
  }
}

/** A copy of a screen with all that was typed, and scrolled back to its top. */
function copied(screen) {
  const copy = screen.cloneNode(true);
  const nodes = [...walk(copy)];
  for (const [at, one] of [...walk(screen)].entries()) {
    nodes[at].simId = undefined; // a clone takes over what was noted on its original
    nodes[at].simTyped = one.simTyped;
    nodes[at].simHint = one.simHint;
    if (one.simUncovered) {
      nodes[at].setAttribute('sim-offscreen', 'true');
    }
  }
  return copy;
}

function parse(text, path) {
  const faults = [];
  const parser = new DOMParser({onError: (level, message) => level === 'warning' || faults.push(message)});
  let dom = null;
  try {
    dom = parser.parseFromString(text, MIME_TYPE.XML_TEXT);
  } catch (error) {
    faults.push(error.message);
  }
  if (faults.length || !dom?.documentElement) {
    throw new BadApp(`${path} is not well-formed XML: ${faults[0] ?? 'it is empty'}`);
  }
  if (dom.documentElement.tagName !== 'app') {
    throw new BadApp(`${path} begins with <${dom.documentElement.tagName}>; an app to rehearse begins with <app>`);
  }
  return dom.documentElement;
}

/** Screens by name; throws BadApp for names that are missing, given twice or never drawn. */
function screensOf(app, path) {
  const screens = new Map();
  for (const screen of elements(app)) {
    const name = screen.getAttribute('name');
    if (screen.tagName !== 'screen' || !name || screens.has(name)) {
      throw new BadApp(`${path}: <app> holds <screen name="..."> only, each name once; look at <${screen.tagName} name="${name ?? ''}">`);
    }
    screens.set(name, screen);
  }
  if (!screens.size) {
    throw new BadApp(`${path} draws no <screen>`);
  }
  for (const node of walk(app)) {
    const target = node.getAttribute('sim-goto');
    if (target && !screens.has(target)) {
      throw new BadApp(`${path}: sim-goto="${target}" names no screen; there are ${[...screens.keys()].join(', ')}`);
    }
    const accepts = node.getAttribute('sim-accepts');
    if (accepts && !(accepts in ALLOWED)) {
      throw new BadApp(`${path}: sim-accepts="${accepts}" is none of ${Object.keys(ALLOWED).join(', ')}`);
    }
  }
  return screens;
}

class App extends FakeApp {
  constructor(platform) {
    super();
    this.platform = platform;
    this.ios = platform === 'ios';
    this.stack = [];
    this.stored = new Map(); // screens by name as they were left, which the next start shows again
    this.closed = new Map(); // those that were closed since the app started
    this.state = RUNNING.none;
    this.keyboard = false;
    this.focused = null;
  }

  /** Reads the file, for each start anew: who writes it again installs another build. */
  async loadApp(path) {
    this.path = path;
    this.install();
  }

  install() {
    let text = '';
    try {
      text = fs.readFileSync(this.path, 'utf8');
    } catch (error) {
      throw new BadApp(`the capability appium:app must be the path of an app drawn in XML; ${this.path}: ${error.code}`);
    }
    const app = parse(text, this.path);
    if (text !== this.drawing) {
      this.clear(); // what one build stored fits no other
    }
    this.drawing = text;
    const platform = (app.getAttribute('platform') || this.platform).toLowerCase();
    if (platform !== this.platform) {
      throw new BadApp(`${this.path} is an app for ${platform}, and this session is for ${this.platform}`);
    }
    this.screens = screensOf(app, this.path);
    this.package = app.getAttribute('package') || app.getAttribute('bundle') || 'org.example.app';
    this.label = app.getAttribute('label') || this.package;
    this.size = {width: Number(app.getAttribute('width') || 1080), height: Number(app.getAttribute('height') || 2400)};
    this.start = app.getAttribute('start') || [...this.screens.keys()][0];
    if (!this.screens.has(this.start)) {
      throw new BadApp(`${this.path}: start="${this.start}" names no screen`);
    }
  }

  get width() {
    return this.size.width;
  }

  get height() {
    return this.size.height;
  }

  // ---- its life ----

  activate() {
    if (this.state === RUNNING.none) {
      this.install();
      this.stack = [];
      this.push(this.start);
    }
    this.state = RUNNING.foreground;
  }

  /** Ends it, and keeps what was typed and turned for the next start. */
  terminate() {
    const ran = this.state !== RUNNING.none;
    for (const {name, root} of this.stack) {
      this.closed.set(name, root);
    }
    for (const [name, root] of this.closed) {
      this.stored.set(name, root);
    }
    this.closed.clear();
    this.stack = [];
    this.state = RUNNING.none;
    this.calm();
    return ran;
  }

  /** Forgets all that was ever done in it. */
  clear() {
    this.stored.clear();
    this.closed.clear();
  }

  leave() {
    this.state = RUNNING.background;
    this.calm();
  }

  calm() {
    this.keyboard = false;
    this.focused = null;
  }

  // ---- its screens ----

  /** The open screen, or null while the app is not in front. */
  get top() {
    return this.state === RUNNING.foreground ? this.stack[this.stack.length - 1] : null;
  }

  /** Opens a screen as new: what was typed into an earlier one of its name is not in it. A dialog closes for it. */
  push(name) {
    while (this.stack.length > 1 && this.stack[this.stack.length - 1].over) {
      this.close();
    }
    const screen = copied(this.stored.get(name) ?? this.screens.get(name));
    this.stack.push({
      name,
      over: screen.getAttribute('over') === 'true',
      activity: screen.getAttribute('activity') || '.MainActivity',
      root: screen,
    });
    this.calm();
  }

  /** Closes the open screen; false when it is the first one. */
  pop() {
    this.calm();
    if (this.stack.length < 2) {
      return false;
    }
    this.close();
    return true;
  }

  close() {
    const {name, root} = this.stack.pop();
    this.closed.set(name, root);
  }

  open(link) {
    for (const [name, screen] of this.screens) {
      if (screen.getAttribute('url') === link) {
        this.activate();
        this.push(name);
        return true;
      }
    }
    return false;
  }

  holds(node) {
    let one = node;
    while (one?.parentNode && one.tagName !== 'screen') {
      one = one.parentNode;
    }
    return Boolean(this.top) && one === this.top.root;
  }

  // ---- what a person does ----

  /** What a tap on a node reaches: the node, or the nearest around it on which something happens. */
  actor(node) {
    for (let one = node; one && one.tagName !== 'screen'; one = one.parentNode) {
      if (this.reacts(one)) {
        return one;
      }
    }
    return null;
  }

  reacts(node) {
    const says = (name) => node.getAttribute(name) === 'true';
    return (
      ['sim-goto', 'sim-back'].some((name) => node.hasAttribute(name)) ||
      this.peers(node) ||
      (!this.ios && (says('clickable') || says('checkable'))) ||
      this.flips(node) ||
      this.editable(node)
    );
  }

  flips(node) {
    return this.ios
      ? /^XCUIElementType(Switch|Toggle|CheckBox|RadioButton)$/.test(node.tagName) || this.worded(node)
      : node.getAttribute('checkable') === 'true';
  }

  /** A tap on the middle of a node, or on a point of it, counted along x. */
  tap(node, x = middle(node)) {
    const actor = this.actor(node);
    // The real drivers tap all the same, and nothing happens.
    if (!actor || node.getAttribute('enabled') === 'false' || actor.getAttribute('enabled') === 'false') {
      return;
    }
    const peers = this.peers(actor);
    if (peers) {
      peers.forEach((one) => this.mark(one, one === actor));
    } else {
      this.flip(this.flips(actor) ? actor : this.inner(actor), x);
    }
    if (this.editable(actor)) {
      this.keyboard = true;
      this.focused = actor;
    }
    if (actor.hasAttribute('sim-goto')) {
      this.push(actor.getAttribute('sim-goto'));
    } else if (actor.getAttribute('sim-back') === 'true') {
      this.pop();
    }
  }

  worded(node) {
    return CHECKED.test(node.getAttribute('value') || '');
  }

  say(node, chosen) {
    node.setAttribute('value', node.getAttribute('value').replace(CHECKED, chosen ? '$1checked' : '$1not checked'));
  }

  /** The one switch in a row: a tap on the row, which does nothing else, turns it. */
  inner(row) {
    if (row.hasAttribute('sim-goto') || row.hasAttribute('sim-back') || this.editable(row)) {
      return null;
    }
    const marks = [...walk(row)].filter((node) => node !== row && this.flips(node) && !this.flips(node.parentNode));
    const own = marks.length === 1 && marks[0].getAttribute('clickable') !== 'true';
    return own && marks[0].getAttribute('enabled') !== 'false' ? marks[0] : null;
  }

  /** Turns it. A wide switch of iOS holds its words, and a tap on them does nothing. */
  flip(node, x) {
    const {x: left, width} = node ? rectOf(node) : {};
    if (!node || (this.ios && SWITCH.test(node.tagName) && width > WIDE && x < left + width - THUMB)) {
      return;
    }
    if (this.ios && this.worded(node)) {
      this.say(node, /not checked$/.test(node.getAttribute('value')));
      return;
    }
    const [name, off, on] = this.ios ? ['value', '0', '1'] : ['checked', 'false', 'true'];
    const radio = /RadioButton$/.test(node.tagName);
    const value = radio || node.getAttribute(name) !== on ? on : off;
    const around = this.ios && SWITCH.test(node.parentNode?.tagName) ? node.parentNode : node;
    for (const one of walk(around)) {
      if (one === node || (this.ios && SWITCH.test(one.tagName))) {
        one.setAttribute(name, value); // a switch and the part of it that turns tell the same
      }
    }
  }

  /** Those of which only one is chosen, the node among them; null for a node that stands for itself. */
  peers(node) {
    const group = node.getAttribute('sim-group');
    if (group) {
      return [...walk(this.top.root)].filter((one) => one.getAttribute('sim-group') === group);
    }
    // What the platforms themselves hold together.
    const holder = node.parentNode?.tagName;
    const [around, kind] = this.ios
      ? ['XCUIElementTypeSegmentedControl', 'XCUIElementTypeButton']
      : ['android.widget.RadioGroup', 'android.widget.RadioButton'];
    return holder === around && node.tagName === kind
      ? elements(node.parentNode).filter((one) => one.tagName === kind)
      : null;
  }

  mark(node, chosen) {
    if (!this.ios && node.getAttribute('checkable') === 'true') {
      node.setAttribute('checked', String(chosen));
      return;
    }
    if (this.ios && this.worded(node)) {
      this.say(node, chosen);
      return;
    }
    node.setAttribute('selected', String(chosen));
    if (this.ios && (chosen || node.hasAttribute('value'))) {
      node.setAttribute('value', chosen ? '1' : '0'); // what is chosen has the value 1 on iOS
    }
  }

  /** Brings what is off the screen into it, inside a node or on the whole screen: all of it, or so many. */
  scroll(inside, most = Infinity) {
    const hidden = [...walk(inside ?? this.top.root)].filter((node) => node.getAttribute('sim-offscreen') === 'true');
    for (const node of hidden.slice(0, most)) {
      node.simUncovered = true;
      node.removeAttribute('sim-offscreen');
    }
  }

  /** Brings one element into the screen, with what is around it. */
  uncover(node) {
    for (let one = node; one && one.tagName !== 'screen'; one = one.parentNode) {
      one.simUncovered = one.simUncovered || one.hasAttribute('sim-offscreen');
      one.removeAttribute('sim-offscreen');
    }
  }

  // ---- what a person types ----

  editable(node) {
    return this.ios
      ? /^XCUIElementType(TextField|SecureTextField|TextView|SearchField|ComboBox)$/.test(node.tagName)
      : /(EditText|AutoCompleteTextView|SearchAutoComplete)$/.test(node.tagName);
  }

  sliding(node) {
    return this.ios ? /^XCUIElementType(Slider|PickerWheel)$/.test(node.tagName) : /SeekBar$/.test(node.tagName);
  }

  secret(node) {
    return this.ios ? node.tagName === 'XCUIElementTypeSecureTextField' : node.getAttribute('password') === 'true';
  }

  /** What stands in an input; an untouched one shows its hint as words where it was drawn so. */
  typed(node) {
    if (node.simTyped === undefined) {
      const shown = node.getAttribute(this.ios ? 'value' : 'text') || '';
      const hint = node.getAttribute(this.ios ? 'placeholderValue' : 'hint') || '';
      node.simHint = shown === hint ? hint : '';
      node.simTyped = shown === hint ? '' : shown;
    }
    return node.simTyped;
  }

  type(node, text) {
    const allowed = ALLOWED[node.getAttribute('sim-accepts') || 'any'];
    const whole = this.typed(node) + [...text].filter((sign) => allowed.test(sign)).join('');
    const limit = node.getAttribute('sim-max');
    this.write(node, limit ? [...whole].slice(0, Number(limit)).join('') : whole);
    this.focused = node;
    this.keyboard = this.keyboard || this.ios; // UiAutomator2 sets the text without a keyboard
  }

  write(node, text) {
    this.typed(node);
    node.simTyped = text;
    const shown = this.secret(node) ? MASK.repeat([...text].length) : text;
    node.setAttribute(this.ios ? 'value' : 'text', shown || node.simHint);
    for (const one of walk(node)) {
      if (one.getAttribute('sim-hint') === 'true') {
        one.setAttribute('displayed', String(!text));
      }
    }
  }

  slide(node, text) {
    const share = Number(text);
    const percent = this.ios && node.tagName === 'XCUIElementTypeSlider' && Number.isFinite(share);
    node.setAttribute(this.ios ? 'value' : 'text', percent ? `${Math.round(share * 100)}%` : text);
  }
}

/** x, y, width and height of a node of either platform. */
function rectOf(node) {
  const bounds = /^\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]$/.exec(node.getAttribute('bounds') || '');
  if (bounds) {
    const [left, top, right, bottom] = bounds.slice(1).map(Number);
    return {x: left, y: top, width: right - left, height: bottom - top};
  }
  const told = (name) => Number(node.getAttribute(name) || 0);
  return {x: told('x'), y: told('y'), width: told('width'), height: told('height')};
}

/** Where a tap lands that names no point. */
function middle(node) {
  const {x, width} = rectOf(node);
  return x + width / 2;
}

module.exports = {App, BadApp, elements, rectOf, walk};
