// Answers as the XCUITest driver does.
'use strict';

const {RehearsalDriver, errors} = require('samouk-rehearsal-core');
const {elements, walk} = require('samouk-rehearsal-core/app.js');
const {chain} = require('samouk-rehearsal-core/classchain.js');
const {predicate} = require('samouk-rehearsal-core/predicate.js');

const KNOWN = [
  'type', 'name', 'label', 'value', 'placeholderValue', 'enabled', 'visible', 'accessible', 'selected', 'hittable',
  'focused', 'index', 'rect', 'x', 'y', 'width', 'height',
]; // prettier-ignore

const bundle = {required: ['bundleId']};

class RehearsalIosDriver extends RehearsalDriver {
  static executeMethodMap = {
    'mobile: hideKeyboard': {command: 'hideKeyboard', params: {optional: ['keys']}},
    'mobile: isKeyboardShown': {command: 'isKeyboardShown'},
    'mobile: activateApp': {command: 'activateApp', params: bundle},
    'mobile: launchApp': {command: 'activateApp', params: {required: ['bundleId'], optional: ['arguments', 'environment']}},
    'mobile: terminateApp': {command: 'terminateApp', params: {required: ['bundleId'], optional: ['timeout']}},
    'mobile: queryAppState': {command: 'queryAppState', params: bundle},
    'mobile: isAppInstalled': {command: 'isAppInstalled', params: bundle},
    'mobile: removeApp': {command: 'removeApp', params: bundle},
    'mobile: installApp': {command: 'installApp', params: {required: ['app'], optional: ['timeoutMs', 'strategy', 'checkVersion']}},
    'mobile: activeAppInfo': {command: 'activeAppInfo'},
    'mobile: backgroundApp': {command: 'background', params: {optional: ['seconds']}},
    'mobile: deepLink': {command: 'deepLink', params: {required: ['url'], optional: ['bundleId']}},
    'mobile: pressButton': {command: 'pressButton', params: {required: ['name'], optional: ['durationSeconds']}},
    'mobile: keys': {command: 'keys', params: {required: ['keys'], optional: ['elementId']}},
    'mobile: scroll': {
      command: 'scrollTo',
      params: {optional: ['elementId', 'name', 'direction', 'predicateString', 'toVisible', 'distance']},
    },
    'mobile: scrollToElement': {command: 'scrollToElement', params: {required: ['elementId']}},
    'mobile: swipe': {command: 'swipe', params: {required: ['direction'], optional: ['elementId', 'velocity']}},
    'mobile: tap': {command: 'tapGesture', params: {required: ['x', 'y'], optional: ['elementId']}},
    'mobile: doubleTap': {command: 'holdGesture', params: {optional: ['elementId', 'x', 'y']}},
    'mobile: touchAndHold': {command: 'holdGesture', params: {optional: ['elementId', 'x', 'y', 'duration']}},
    'mobile: selectPickerWheelValue': {
      command: 'turnWheel',
      params: {required: ['elementId', 'order'], optional: ['offset', 'value', 'maxAttempts']},
    },
  };

  constructor(opts, validate) {
    super(opts, validate, 'ios');
    this.locatorStrategies = [
      'xpath', 'id', 'name', 'class name', 'accessibility id', '-ios predicate string', '-ios class chain',
    ]; // prettier-ignore
  }

  // ---- finding ----

  matching(view, strategy, selector, inside) {
    const all = (test) => this.passing(view, inside, test);
    switch (strategy) {
      case 'id':
      case 'name':
      case 'accessibility id':
        return all((node) => node.getAttribute('name') === selector || node.getAttribute('label') === selector);
      case 'class name':
        return all((node) => node.tagName === selector);
      case '-ios class chain':
        return chain(selector, view.dom.documentElement);
      default:
        return all(predicate(selector));
    }
  }

  // ---- what an element tells ----

  /** The value where there is one, else the label: so does WebDriverAgent. */
  async getText(id) {
    const {value, label} = this.told(this.node(id));
    return value || label || '';
  }

  async getAttribute(name, id) {
    if (!KNOWN.includes(name)) {
      throw new errors.InvalidArgumentError(`The attribute '${name}' is unknown; there are ${KNOWN.join(', ')}`);
    }
    const told = this.told(this.node(id));
    if (name === 'rect') {
      return JSON.stringify(await this.getElementRect(id));
    }
    if (name === 'hittable') {
      return told.visible;
    }
    return told[name] ?? (name === 'selected' || name === 'focused' ? 'false' : null);
  }

  // ---- what a person does ----

  /** There is no back on iOS: the driver taps the first button of the navigation bar, Back if one is called so. */
  async back() {
    const bar = this.app.top && [...walk(this.app.top.root)].find((node) => node.tagName === 'XCUIElementTypeNavigationBar');
    const buttons = bar ? elements(bar).filter((node) => node.tagName === 'XCUIElementTypeButton') : [];
    const named = buttons.find((node) => [node.getAttribute('name'), node.getAttribute('label')].includes('Back'));
    if (buttons.length) {
      this.app.tap(named ?? buttons[0]);
    }
  }

  async scrollTo(elementId, name, direction, predicateString, toVisible) {
    const inside = elementId && !toVisible ? this.node(elementId) : null;
    if (!name && !direction && !predicateString && !elementId) {
      throw new errors.InvalidArgumentError('Mobile scroll supports name, direction, predicateString and toVisible: give one');
    }
    if (elementId && toVisible) {
      this.app.uncover(this.node(elementId));
    } else if (this.app.top) {
      this.app.scroll(inside, direction ? 1 : Infinity); // one page, or as far as what is named
    }
    const found = name
      ? this.search('accessibility id', name, elementId)
      : predicateString
        ? this.search('-ios predicate string', predicateString, elementId)
        : [true];
    if (!found.length) {
      throw new errors.NoSuchElementError();
    }
  }

  async scrollToElement(elementId) {
    this.app.uncover(this.node(elementId));
  }

  async swipe(direction, elementId) {
    if (!['up', 'down', 'left', 'right'].includes(direction)) {
      throw new errors.InvalidArgumentError(`direction is up, down, left or right, not ${direction}`);
    }
    this.app.top && this.app.scroll(elementId ? this.node(elementId) : null, 1);
  }

  /** Points are counted from the element where one is given. */
  async tapGesture(x, y, elementId) {
    const {x: left, y: top} = elementId ? await this.getElementRect(elementId) : {x: 0, y: 0};
    this.tapAt(left + Number(x), top + Number(y));
  }

  async holdGesture(elementId) {
    if (elementId) {
      this.node(elementId);
    }
  }

  async turnWheel(elementId, order, offset, value) {
    if (value !== undefined && value !== null) {
      this.app.slide(this.writable(elementId), String(value));
    }
  }

  // ---- the app and the phone ----

  async pressButton(name) {
    if (String(name).toLowerCase() === 'home') {
      this.app.leave();
    }
  }

  async activeAppInfo() {
    return {bundleId: this.app.top ? this.app.package : 'com.apple.springboard', name: this.app.label, pid: 1};
  }
}

module.exports = {RehearsalIosDriver};
