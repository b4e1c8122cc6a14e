// A spout of a library that knows only what Storm's documentation lists, and gives up on anything else.
const { Spout } = require('./storm');

class DiesOfActivate extends Spout {
  activate() {
    throw new Error('unknown command: activate');
  }
}

new DiesOfActivate().run();
