/**
 * What to tell a person whose spout falls silent or dies on a command: which compatibility switch is for that quirk. Invariant: a switch is named only where it would have
 * helped. Implements ML-SP.
 */

export type SpoutCommand = 'next' | 'activate' | 'deactivate' | 'ack' | 'fail';

/** Hint for a spout that never ended a command with `sync`. */
export function silenceHint(command: SpoutCommand): string {
  switch (command) {
    case 'next':
      return 'end every command with sync and flush; raise topology.subprocess.timeout.secs if one next may take longer';
    case 'activate':
    case 'deactivate':
      return `if its library never answers ${command} (Storm's own storm.js does not, unless the method is overridden), set compat: { skip_activate: true } for this component, or compat: { implicit_sync_ms: 50 } if it also forgets to answer ack and fail`;
    case 'ack':
    case 'fail':
      return `if its library never answers ${command} (Storm's own storm.js does not, unless the method is overridden), set compat: { implicit_sync_ms: 50 } for this component`;
  }
}

/** Hint for a spout that exited on a command, when that command is one that a library may not know. */
export function exitHint(command: SpoutCommand | undefined): string | undefined {
  if (command !== 'activate' && command !== 'deactivate') return undefined;
  return `see stderr; if its library does not know ${command}, set compat: { skip_activate: true } for this component`;
}
