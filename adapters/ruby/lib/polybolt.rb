# frozen_string_literal: true

# The library's front door: spouts and bolts that speak Storm's multilang protocol over stdin and stdout.
# Requiring it changes nothing in the process; descriptors move only when a component runs.

require "json"

require_relative "polybolt/version"
require_relative "polybolt/errors"
require_relative "polybolt/json_text"
require_relative "polybolt/frames"
require_relative "polybolt/frame_reader"
require_relative "polybolt/flusher"
require_relative "polybolt/outbox"
require_relative "polybolt/task_ids"
require_relative "polybolt/wire"
require_relative "polybolt/guard"
require_relative "polybolt/tuple"
require_relative "polybolt/session"
require_relative "polybolt/component"
require_relative "polybolt/bolt"
require_relative "polybolt/basic_bolt"
require_relative "polybolt/spout"
require_relative "polybolt/reliable_spout"
