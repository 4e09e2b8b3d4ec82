// The numbers by which one moves about the codes: a short code's own, or the first principal axes of the data's codes.

function coordinatesOf({ latent, basis }) {
  if (!basis) return new OwnNumbers(latent);
  return new PrincipalAxes(float64s(basis.middle), cut(float64s(basis.axes), latent));
}

class OwnNumbers {
  constructor(count) {
    this.count = count;
  }

  // The coordinates of a code.
  of(code) {
    return code;
  }

  // Moves a code along an axis, in place, to where it has that coordinate.
  move(code, k, value) {
    code[k] = value;
  }

  // How far two codes lie apart, in parts of the plane's sides.
  distance(one, other, extent) {
    let squares = 0;
    for (let k = 0; k < one.length; k++) squares += ((one[k] - other[k]) / (extent[k][1] - extent[k][0])) ** 2;
    return Math.sqrt(squares);
  }

  // The same without what the shown axes tell.
  distanceOff(one, other, extent, axes) {
    const hidden = one.map((value, k) => (axes.includes(k) ? other[k] : value));
    return this.distance(hidden, other, extent);
  }
}

// Orthonormal axes through the middle of the data's codes. What a code has beside them stays as one moves.
class PrincipalAxes {
  constructor(middle, axes) {
    [this.middle, this.axes, this.count] = [middle, axes, axes.length];
  }

  of(code) {
    return this.axes.map((_, k) => this.along(code, k));
  }

  move(code, k, value) {
    const step = value - this.along(code, k);
    for (let i = 0; i < code.length; i++) code[i] += step * this.axes[k][i];
  }

  along(code, k) {
    const [axis, { middle }] = [this.axes[k], this];
    let sum = 0;
    for (let i = 0; i < axis.length; i++) sum += axis[i] * (code[i] - middle[i]);
    return sum;
  }

  // All axes have the scale of the first, so that it is the distance of the codes themselves.
  distance(one, other, extent) {
    return this.distanceOff(one, other, extent, []);
  }

  distanceOff(one, other, extent, axes) {
    const apart = one.map((value, i) => value - other[i]);
    for (const k of axes) {
      const part = this.axes[k].reduce((sum, value, i) => sum + value * apart[i], 0);
      for (let i = 0; i < apart.length; i++) apart[i] -= part * this.axes[k][i];
    }
    return Math.sqrt(apart.reduce((sum, value) => sum + value * value, 0)) / (extent[0][1] - extent[0][0]);
  }
}
