// Answers as the UiAutomator2 driver does.
'use strict';

const {RehearsalDriver, errors} = require('samouk-rehearsal-core');
const {parse} = require('samouk-rehearsal-core/uiselector.js');
const {draw} = require('samouk-rehearsal-core/view.js');

const BACK = 4; // key codes of Android
const HOME = 3;
const COMPLETE_ID = /^[a-zA-Z_][a-zA-Z0-9._]*:[^/]+\/\S+$/;
const ATTRIBUTES = {
  className: 'class',
  contentDescription: 'content-desc',
  resourceId: 'resource-id',
  longClickable: 'long-clickable',
};
const KNOWN = [
  'checkable', 'checked', 'class', 'clickable', 'content-desc', 'enabled', 'focusable', 'focused', 'long-clickable',
  'package', 'password', 'resource-id', 'scrollable', 'selected', 'text', 'bounds', 'displayed', 'hint', 'index',
]; // prettier-ignore

const gesture = (...optional) => ({optional: ['elementId', ...optional]});

class RehearsalAndroidDriver extends RehearsalDriver {
  static executeMethodMap = {
    'mobile: pressKey': {command: 'pressKey', params: {required: ['keycode'], optional: ['metastate', 'flags', 'isLongPress']}},
    'mobile: hideKeyboard': {command: 'hideKeyboard'},
    'mobile: isKeyboardShown': {command: 'isKeyboardShown'},
    'mobile: activateApp': {command: 'activateApp', params: {required: ['appId']}},
    'mobile: terminateApp': {command: 'terminateApp', params: {required: ['appId'], optional: ['timeout']}},
    'mobile: queryAppState': {command: 'queryAppState', params: {required: ['appId']}},
    'mobile: isAppInstalled': {command: 'isAppInstalled', params: {required: ['appId']}},
    'mobile: clearApp': {command: 'clearApp', params: {required: ['appId']}},
    'mobile: removeApp': {command: 'removeApp', params: {required: ['appId'], optional: ['timeout', 'keepData']}},
    'mobile: installApp': {command: 'installApp', params: {required: ['appPath'], optional: ['timeout']}},
    'mobile: backgroundApp': {command: 'background', params: {optional: ['seconds']}},
    'mobile: startActivity': {command: 'startActivity', params: {optional: ['intent', 'component']}},
    'mobile: getCurrentActivity': {command: 'getCurrentActivity'},
    'mobile: getCurrentPackage': {command: 'getCurrentPackage'},
    'mobile: deepLink': {command: 'deepLink', params: {required: ['url'], optional: ['package', 'waitForLaunch']}},
    'mobile: type': {command: 'keys', params: {required: ['text']}},
    'mobile: scroll': {
      command: 'scrollTo',
      params: {required: ['strategy', 'selector'], optional: ['elementId', 'maxSwipes']},
    },
    'mobile: scrollGesture': {
      command: 'scrollGesture',
      params: gesture('left', 'top', 'width', 'height', 'direction', 'percent', 'speed'),
    },
    'mobile: swipeGesture': {
      command: 'scrollGesture',
      params: gesture('left', 'top', 'width', 'height', 'direction', 'percent', 'speed'),
    },
    'mobile: flingGesture': {
      command: 'scrollGesture',
      params: gesture('left', 'top', 'width', 'height', 'direction', 'speed'),
    },
    'mobile: clickGesture': {command: 'tapGesture', params: gesture('x', 'y', 'locator')},
    'mobile: longClickGesture': {command: 'holdGesture', params: gesture('x', 'y', 'duration', 'locator')},
    'mobile: doubleClickGesture': {command: 'holdGesture', params: gesture('x', 'y', 'locator')},
  };

  constructor(opts, validate) {
    super(opts, validate, 'android');
    this.locatorStrategies = ['xpath', 'id', 'class name', 'accessibility id', '-android uiautomator'];
  }

  /** UiAutomator2 tells what it read in the manifest of the app's file. */
  reported() {
    return {appPackage: this.app.package, appActivity: this.app.top.activity};
  }

  // ---- finding ----

  matching(view, strategy, selector, inside) {
    const all = (test) => this.passing(view, inside, test);
    switch (strategy) {
      case 'id': {
        const id = this.completed(selector);
        return all((node) => node.getAttribute('resource-id') === id);
      }
      case 'accessibility id':
        return all((node) => node.getAttribute('content-desc') === selector);
      case 'class name':
        return all((node) => node.getAttribute('class') === selector);
      default:
        return this.selected(view, selector, inside);
    }
  }

  /** Puts the package before a bare id unless that is switched off, as UiAutomator2 does. */
  completed(id) {
    const settings = this.settings?.getSettings() ?? {};
    const off = settings.disableIdLocatorAutocompletion ?? this.opts.disableIdLocatorAutocompletion ?? false;
    return off || COMPLETE_ID.test(id) ? id : `${this.app.package}:id/${id}`;
  }

  selected(view, selector, inside) {
    const {find, scrolls} = parse(selector);
    const root = inside ? view.dom.documentElement : view.dom;
    const found = find(root);
    if (found.length || !scrolls) {
      return found;
    }
    // Without a container there is nothing to scroll; with one, all of it comes by before the search gives up.
    const container = scrolls.container(root)[0];
    if (!container) {
      return [];
    }
    this.app.scroll(view.origins.get(container));
    return this.again(view, find, inside);
  }

  again(view, find, inside) {
    const fresh = draw(this.app, inside ?? this.app.top?.root);
    for (const [node, origin] of fresh.origins) {
      view.origins.set(node, origin);
    }
    return find(inside ? fresh.dom.documentElement : fresh.dom);
  }

  // ---- what an element tells ----

  async getText(id) {
    return this.told(this.node(id)).text;
  }

  async getAttribute(name, id) {
    const known = ATTRIBUTES[name] ?? name;
    const told = this.told(this.node(id));
    if (known === 'name') {
      return told['content-desc'] ?? told.text;
    }
    if (!KNOWN.includes(known)) {
      throw new errors.UnknownCommandError(
        `'${name}' attribute is unknown for the element. Only the following attributes are supported: ${KNOWN.join(', ')}`,
      );
    }
    return told[known] ?? null;
  }

  // ---- what a person does ----

  /** The first back only hides the keyboard; the one on the first screen leaves the app. */
  async back() {
    if (this.app.keyboard) {
      this.app.keyboard = false;
    } else if (!this.app.pop()) {
      this.app.leave();
    }
  }

  async pressKey(keycode) {
    if (Number(keycode) === BACK) {
      await this.back();
    } else if (Number(keycode) === HOME) {
      this.app.leave();
    }
  }

  async scrollTo(strategy, selector, elementId) {
    this.validateLocatorStrategy(strategy);
    const inside = elementId ? this.node(elementId) : null;
    this.app.top && this.app.scroll(inside);
    if (!this.search(strategy, selector, elementId).length) {
      throw new errors.NoSuchElementError();
    }
  }

  /** False: there is nothing more to scroll to, since one gesture brings all into view. */
  async scrollGesture(elementId) {
    const inside = elementId ? this.node(elementId) : null;
    this.app.top && this.app.scroll(inside);
    return false;
  }

  async tapGesture(elementId, x, y) {
    this.tapOn(elementId, x, y);
  }

  async holdGesture(elementId) {
    if (elementId) {
      this.node(elementId);
    }
  }

  // ---- the app and the phone ----

  async getCurrentActivity() {
    return this.app.top?.activity ?? '.Launcher';
  }

  async getCurrentPackage() {
    return this.app.top ? this.app.package : 'com.android.launcher3';
  }

  async startActivity(intent, component) {
    const wanted = String(intent ?? component ?? '').split('/').pop();
    for (const [name, screen] of this.app.screens) {
      if (wanted && screen.getAttribute('activity') === wanted) {
        this.app.activate();
        this.app.push(name);
        return;
      }
    }
    throw new errors.UnknownError(`Activity class ${intent ?? component} does not exist`);
  }
}

module.exports = {RehearsalAndroidDriver};
