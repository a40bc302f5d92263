// What a driver sees of the open screen: the page source of UiAutomator2 or of XCUITest, each node with its origin.
'use strict';

const {DOMImplementation, XMLSerializer} = require('@xmldom/xmldom');
const {elements, rectOf} = require('./app.js');

const ANDROID_DEFAULTS = {
  text: '',
  checkable: 'false',
  checked: 'false',
  clickable: 'false',
  enabled: 'true',
  focusable: 'false',
  focused: 'false',
  'long-clickable': 'false',
  password: 'false',
  scrollable: 'false',
  selected: 'false',
  bounds: '[0,0][0,0]',
  displayed: 'true',
};
const IOS_DEFAULTS = {enabled: 'true', visible: 'true', accessible: 'false', x: '0', y: '0', width: '0', height: '0'};

/** Whether a person sees a node: it and all around it. */
function shown(node) {
  for (let one = node; one && one.tagName !== 'screen'; one = one.parentNode) {
    const hidden = ['displayed', 'visible'].some((name) => one.getAttribute(name) === 'false');
    if (hidden || one.getAttribute('sim-offscreen') === 'true') {
      return false;
    }
  }
  return true;
}

/** The attributes that the page source gives a node. */
function attributesOf(app, node, index = 0) {
  const own = {};
  for (const {name, value} of Array.from(node.attributes)) {
    if (!name.startsWith('sim-')) {
      own[name] = value;
    }
  }
  if (app.ios) {
    const all = {...IOS_DEFAULTS, ...own, type: node.tagName, index: String(index), visible: String(shown(node))};
    if (app.editable(node) && !all.value && all.placeholderValue) {
      all.value = all.placeholderValue; // XCUITest tells the placeholder as the value of an empty field
    }
    return all;
  }
  const focused = String(app.focused === node);
  return {index: String(index), package: app.package, class: node.tagName, ...ANDROID_DEFAULTS, ...own, focused};
}

/**
 * A document of what a driver sees under `root`, and a map from its nodes to their origins.
 *
 * UiAutomator2 leaves out what is not displayed, with all inside; XCUITest tells it with visible="false".
 */
function draw(app, root) {
  const dom = new DOMImplementation().createDocument(null, null);
  const origins = new Map();
  const add = (origin, parent, index) => {
    const copy = dom.createElement(origin.tagName);
    for (const [name, value] of Object.entries(attributesOf(app, origin, index))) {
      copy.setAttribute(name, value);
    }
    origins.set(copy, origin);
    parent.appendChild(copy);
    let place = 0;
    for (const child of elements(origin)) {
      if (app.ios || shown(child)) {
        add(child, copy, place++);
      }
    }
  };
  if (root && root.tagName !== 'screen') {
    add(root, dom, 0);
    return {dom, origins};
  }
  const around = frame(app, dom);
  dom.appendChild(around);
  let place = 0;
  for (const origin of root ? elements(root) : []) {
    if (origin.tagName === around.tagName) {
      // An app that draws its own root node keeps it.
      dom.removeChild(around);
      add(origin, dom, 0);
      break;
    }
    if (app.ios || shown(origin)) {
      add(origin, around, place++);
    }
  }
  return {dom, origins};
}

function frame(app, dom) {
  const name = app.ios ? 'XCUIElementTypeApplication' : 'hierarchy';
  const around = dom.createElement(name);
  const {width, height} = app.size;
  const told = app.ios
    ? {type: name, name: app.label, label: app.label, ...IOS_DEFAULTS, width, height, index: 0}
    : {index: 0, class: name, rotation: 0, width, height};
  for (const [key, value] of Object.entries(told)) {
    around.setAttribute(key, String(value));
  }
  return around;
}

function source(app) {
  const {dom} = draw(app, app.top?.root);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(dom)}`;
}

/** The innermost and last drawn node that a person sees at a point, or null. */
function at(root, x, y) {
  let found = null;
  for (const node of elements(root)) {
    if (!shown(node)) {
      continue;
    }
    const {x: left, y: top, width, height} = rectOf(node);
    const inside = x >= left && x < left + width && y >= top && y < top + height;
    found = at(node, x, y) ?? (inside ? node : found);
  }
  return found;
}

module.exports = {at, attributesOf, draw, rectOf, shown, source};
