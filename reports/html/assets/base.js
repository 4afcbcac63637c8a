// Elements, numbers and data, used by all that follows.
const byId = (id) => document.getElementById(id);
const stored = (id) => JSON.parse(byId(id).textContent);

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const make = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);
const shape = (tag, attributes, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A number with four significant digits, without an exponent where it can be read without one.
function short(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %` : "n/a");
const plural = (number, one, many) => `${number} ${number === 1 ? one : many || one + "s"}`;

// The numbers that were packed as [bytes of each, base64].
function unpacked([bytes, text]) {
  const raw = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return Array.from(bytes === 4 ? new Float32Array(raw.buffer) : new Float64Array(raw.buffer));
}

// Copy text; where the clipboard is closed to a page from disk, by the selection of a hidden field.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = make("textarea", { class: "hidden", "aria-hidden": "true" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

function options(select, values, label = (value) => value) {
  select.replaceChildren(...values.map((value) => make("option", { value }, label(value))));
}
