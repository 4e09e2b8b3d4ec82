// Colours: those of the page's theme, and scales of equal lightness (Oklab; Ottosson, 2020).

function paletteOf(root) {
  const style = getComputedStyle(root);
  const names = ["card", "page", "ink", "muted", "line", "accent", "alert", "good"];
  const palette = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  palette.dark = luminance(rgbOf(palette.card)) < 0.5;
  palette.font = style.fontFamily;
  palette.paper = rgbOf(palette.card);
  palette.shades = shadesBetween(palette.paper, rgbOf(palette.ink));
  palette.distances = ramp((part) => distanceColour(part, palette.dark));
  palette.sizes = ramp((part) => sizeColour(part, palette.dark));
  palette.tints = [];
  return palette;
}

function watchTheme(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

function rgbOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function luminance([r, g, b]) {
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

function mixed(a, b, part) {
  return a.map((value, k) => value + part * (b[k] - value));
}

function css(rgb) {
  return `rgb(${rgb.map(Math.round).join(" ")})`;
}

// 256 colours from paper to ink.
function shadesBetween(paper, ink) {
  const from = mixed(paper, ink, 0.07);
  return ramp((part) => mixed(from, ink, part).map(Math.round));
}

// A tint for each name, far from that of the names before it.
function tintOf(k, { dark, tints }) {
  const hue = (25 + k * 137.508) % 360;
  return (tints[k] ??= dark ? oklch(0.5, 0.1, hue) : oklch(0.83, 0.085, hue));
}

// 256 colours for the parts from 0 to 1.
function ramp(colour) {
  return Array.from({ length: 256 }, (_, k) => colour(k / 255));
}

function onRamp(colours, part) {
  return colours[Math.round(255 * clamp(part, 0, 1)) || 0];
}

// From as in the data (0) to new (1).
function distanceColour(part, dark) {
  return dark ? oklch(0.27 + 0.38 * part, 0.03 + 0.07 * part, 245) : oklch(0.97 - 0.42 * part, 0.015 + 0.09 * part, 245);
}

// From blue over grey to yellow, as the circles of the report are coloured.
function sizeColour(part, dark) {
  const [low, high] = dark ? [0.33, 0.72] : [0.6, 0.92];
  return oklch(low + (high - low) * part, 0.02 + 0.1 * Math.abs(2 * part - 1), part < 0.5 ? 260 : 98);
}

function oklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((value) => 255 * clamp(value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055, 0, 1));
}
