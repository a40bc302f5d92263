// The commands that both flavours share: Appium's fake driver, with an app of screens in the place of its single page.
'use strict';

const {FakeDriver} = require('@appium/fake-driver');
const {errors} = require('appium/driver');
const {util} = require('appium/support');
const xpath = require('xpath');

const {App, BadApp, walk} = require('./app.js');
const {at, attributesOf, draw, rectOf, shown, source} = require('./view.js');
const {BadSelector} = require('./words.js');

const TAP_RADIUS = 20; // a finger that moves no further than this taps, in pixels or points

class RehearsalDriver extends FakeDriver {
  static newMethodMap = {};
  static newBidiCommands = {};

  /** The fake driver adds routes to the server here; ours needs none. */
  static async updateServer() {}

  constructor(opts, validate, platform) {
    super(opts, validate);
    this.appModel = new App(platform);
    this.ids = new Map(); // nodes by element id
    this.desiredCapConstraints = {app: {presence: true, isString: true}};
    // The fake driver keeps its commands as fields of the instance, which hide methods of a subclass.
    for (let type = Object.getPrototypeOf(this); type !== FakeDriver.prototype; type = Object.getPrototypeOf(type)) {
      for (const name of Object.getOwnPropertyNames(type)) {
        delete this[name];
      }
    }
  }

  get app() {
    return this.appModel;
  }

  async createSession(...args) {
    try {
      const [id, capabilities] = await super.createSession(...args);
      this.app.activate();
      this.caps = {...capabilities, ...this.reported()};
      return [id, this.caps];
    } catch (error) {
      throw error instanceof BadApp ? new errors.SessionNotCreatedError(error.message) : error;
    }
  }

  /** Capabilities that a session gets without asking. */
  reported() {
    return {};
  }

  // ---- finding ----

  async findElement(strategy, selector) {
    return await this.located(strategy, selector, false);
  }

  async findElements(strategy, selector) {
    return await this.located(strategy, selector, true);
  }

  async findElementFromElement(strategy, selector, id) {
    return await this.located(strategy, selector, false, id);
  }

  async findElementsFromElement(strategy, selector, id) {
    return await this.located(strategy, selector, true, id);
  }

  /** Finds as soon as the implicit wait allows; none found is [] for many and an error for one. */
  async located(strategy, selector, many, id) {
    this.validateLocatorStrategy(strategy);
    let found = [];
    const look = async () => {
      found = this.search(strategy, selector, id);
      return found.length > 0;
    };
    if (!(await look()) && this.implicitWaitMs) {
      await this.implicitWaitForCondition(look).catch(() => false);
    }
    if (many) {
      return found.map((node) => this.handle(node));
    }
    if (!found.length) {
      throw new errors.NoSuchElementError();
    }
    return this.handle(found[0]);
  }

  search(strategy, selector, id) {
    const inside = id ? this.node(id) : null;
    const view = draw(this.app, inside ?? this.app.top?.root);
    try {
      const found = strategy === 'xpath' ? byXpath(view.dom, selector) : this.matching(view, strategy, selector, inside);
      return found.map((node) => view.origins.get(node) ?? this.app.top?.root).filter(Boolean);
    } catch (error) {
      throw error instanceof BadSelector ? new errors.InvalidSelectorError(error.message) : error;
    }
  }

  /** Nodes of a view that pass a test, in the order of the screen, without the one that is searched in. */
  passing(view, inside, test) {
    return [...walk(view.dom.documentElement)].filter((node) => !(inside && node === view.dom.documentElement) && test(node));
  }

  handle(node) {
    if (node.simId === undefined) {
      this.maxElId += 1;
      node.simId = String(this.maxElId);
      this.ids.set(node.simId, node);
    }
    return {[util.W3C_WEB_ELEMENT_IDENTIFIER]: node.simId, ELEMENT: node.simId};
  }

  /** The node of an element id; one that is not on the open screen is stale. */
  node(id) {
    const node = this.ids.get(id);
    if (!node || !this.app.holds(node)) {
      throw new errors.StaleElementReferenceError();
    }
    return node;
  }

  // ---- what an element tells ----

  told(node) {
    return attributesOf(this.app, node);
  }

  async getName(id) {
    return this.node(id).tagName;
  }

  async elementDisplayed(id) {
    return shown(this.node(id));
  }

  async elementEnabled(id) {
    return this.node(id).getAttribute('enabled') !== 'false';
  }

  async elementSelected(id) {
    return this.node(id).getAttribute('selected') === 'true';
  }

  async getElementRect(id) {
    return rectOf(this.node(id));
  }

  async getSize(id) {
    const {width, height} = rectOf(this.node(id));
    return {width, height};
  }

  async getLocation(id) {
    const {x, y} = rectOf(this.node(id));
    return {x, y};
  }

  async getLocationInView(id) {
    return await this.getLocation(id);
  }

  async equalsElement(id, other) {
    return this.node(id) === this.node(other);
  }

  async getElementScreenshot(id) {
    this.node(id);
    return await this.getScreenshot();
  }

  async active() {
    if (!this.app.focused || !this.app.holds(this.app.focused)) {
      throw new errors.NoSuchElementError();
    }
    return this.handle(this.app.focused);
  }

  async getPageSource() {
    return source(this.app);
  }

  async getContexts() {
    return ['NATIVE_APP'];
  }

  async getCurrentContext() {
    return 'NATIVE_APP';
  }

  async setContext(name) {
    if (name !== 'NATIVE_APP') {
      throw new errors.NoSuchContextError();
    }
  }

  // ---- what a person does ----

  async click(id) {
    const node = this.node(id);
    if (!shown(node)) {
      throw new errors.ElementNotVisibleError('The element is not visible on the screen and thus is not interactable');
    }
    this.app.tap(node);
  }

  async setValue(keys, id) {
    const text = Array.isArray(keys) ? keys.join('') : String(keys);
    const node = this.writable(id);
    if (this.app.sliding(node)) {
      this.app.slide(node, text);
    } else {
      this.app.type(node, text.replace(/[\n\uE006\uE007]+$/, '')); // Enter at the end sends, it does not type
    }
  }

  async clear(id) {
    const node = this.writable(id);
    if (!this.app.sliding(node)) {
      this.app.write(node, '');
    }
  }

  writable(id) {
    const node = this.node(id);
    const takes = this.app.editable(node) || this.app.sliding(node);
    if (!takes || node.getAttribute('enabled') === 'false' || !shown(node)) {
      throw new errors.InvalidElementStateError(`Cannot set the element to a value: is ${node.tagName} an input that is enabled?`);
    }
    return node;
  }

  async keys(value) {
    if (this.app.focused) {
      this.app.type(this.app.focused, Array.isArray(value) ? value.join('') : value);
    }
  }

  /** Fingers and keys of the W3C: a short touch taps, a long way scrolls, keys type into what has the focus. */
  async performActions(actions) {
    this.app.actionLog.push(actions);
    for (const {type, actions: steps} of actions) {
      if (type === 'pointer') {
        this.touch(steps);
      } else if (type === 'key') {
        await this.keys(steps.filter((one) => one.type === 'keyDown').map((one) => one.value).join(''));
      }
    }
  }

  touch(steps) {
    let place = {x: 0, y: 0};
    let start = null;
    for (const step of steps) {
      if (step.type === 'pointerMove') {
        place = this.moved(place, step);
      } else if (step.type === 'pointerDown') {
        start = place;
      } else if (step.type === 'pointerUp' && start) {
        this.lift(start, place);
        start = null;
      }
    }
  }

  moved(place, {origin, x = 0, y = 0}) {
    if (origin === 'pointer') {
      return {x: place.x + x, y: place.y + y};
    }
    const id = origin && typeof origin === 'object' ? (origin[util.W3C_WEB_ELEMENT_IDENTIFIER] ?? origin.ELEMENT) : null;
    if (!id) {
      return {x, y};
    }
    const rect = rectOf(this.node(id));
    return {x: rect.x + rect.width / 2 + x, y: rect.y + rect.height / 2 + y};
  }

  lift(start, end) {
    if (!this.app.top) {
      return;
    }
    if (Math.hypot(end.x - start.x, end.y - start.y) > TAP_RADIUS) {
      this.app.scroll(null, this.app.ios ? 1 : Infinity);
    } else {
      this.tapAt(start.x, start.y);
    }
  }

  tapAt(x, y) {
    const node = this.app.top && at(this.app.top.root, x, y);
    if (node) {
      this.app.tap(node, x);
    }
  }

  /** A gesture's place: an element, else a point. */
  tapOn(id, x, y) {
    if (id) {
      this.app.tap(this.node(id));
    } else {
      this.tapAt(Number(x), Number(y));
    }
  }

  // ---- the app and the phone ----

  known(name) {
    if (name && (this.removed || name !== this.app.package)) {
      throw new errors.UnknownError(`${name} is not installed; the app that is rehearsed is ${this.app.package}`);
    }
  }

  async activateApp(name) {
    this.known(name);
    try {
      this.app.activate();
    } catch (error) {
      throw error instanceof BadApp ? new errors.UnknownError(error.message) : error;
    }
  }

  async terminateApp(name) {
    return name === this.app.package && this.app.terminate();
  }

  async queryAppState(name) {
    return name === this.app.package && !this.removed ? this.app.state : 0;
  }

  async isAppInstalled(name) {
    return name === this.app.package && !this.removed;
  }

  /** Ends the app and forgets its data. */
  async clearApp(name) {
    this.known(name);
    this.app.terminate();
    this.app.clear();
  }

  async removeApp(name) {
    const was = await this.isAppInstalled(name);
    if (was) {
      await this.clearApp(name);
      this.removed = true;
    }
    return was;
  }

  /** Puts it there again, or in its place the app that another file draws; data stay where it was not removed. */
  async installApp(app) {
    try {
      await this.app.loadApp(app);
    } catch (error) {
      throw error instanceof BadApp ? new errors.UnknownError(error.message) : error;
    }
    this.removed = false;
  }

  async background(seconds) {
    if (!(Number(seconds ?? -1) >= 0)) {
      this.app.leave(); // else it is back in front when the time is over
    }
  }

  async deepLink(url, name) {
    this.known(name);
    if (!this.app.open(url)) {
      throw new errors.UnknownError(`No screen of ${this.app.package} answers to ${url}`);
    }
  }

  async hideKeyboard() {
    const was = this.app.keyboard;
    this.app.keyboard = false;
    return was;
  }

  async isKeyboardShown() {
    return this.app.keyboard;
  }
}

function byXpath(dom, selector) {
  let found = null;
  try {
    found = xpath.select(selector, dom);
  } catch (error) {
    throw new BadSelector(`${selector} is no XPath expression: ${error.message}`);
  }
  if (!Array.isArray(found) || found.some((node) => node.nodeType !== 1)) {
    throw new BadSelector(`${selector} does not name elements`);
  }
  return found;
}

module.exports = {RehearsalDriver, errors};
