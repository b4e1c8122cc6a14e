# frozen_string_literal: true

# Owns the two directions of JSON: what is refused on the way out and what is repaired on the way in.
# Whatever `generate` returns is one JSON text; whatever it cannot express raises before a byte is written.

module Polybolt
  module JsonText
    # A tuple's values may nest this deep at most: the host refuses deeper ones, and a cycle never ends.
    NESTING_MAX = 256

    # NaN and the infinities are read because other components send them. A message nests deeper than its values.
    READ_OPTIONS = { allow_nan: true, max_nesting: NESTING_MAX + 16 }.freeze

    SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/.freeze
    ANY_ESCAPE = /\\(?:u[dD][89abAB]\h\h\\u[dD][c-fC-F]\h\h|u\h{4}|.)/m.freeze
    LONE_SURROGATE = /\A\\u[dD][89a-fA-F]\h\h\z/.freeze

    @state = JSON::State.new(max_nesting: NESTING_MAX)

    class << self
      # Hot path: one call a value list, on one shared generator state (a new state each time costs twice as much).
      #
      # @param value what to write
      # @param what [String] how an error names it
      # @return [String] its JSON text, in UTF-8 and on one line
      # @raise [UnencodableError] when it has none
      def generate(value, what = "a value")
        @state.generate(value)
      rescue StandardError, SystemStackError => e
        # A state that has raised keeps the depth it had reached.
        @state = JSON::State.new(max_nesting: NESTING_MAX)
        raise UnencodableError, "#{what} cannot be written as JSON: #{ErrorText.utf8(e.message)}. " \
                                "Send nil, numbers that are finite, and strings that are valid UTF-8."
      end

      # @param text [String] the JSON text, in UTF-8
      # @raise [JSON::ParserError] when it is none
      def parse(text)
        JSON.parse(text.match?(SURROGATE_ESCAPE) ? repair(text) : text, READ_OPTIONS)
      end

      private

      # Ruby has no string for half a surrogate pair: its parser either stops there or glues the half to the escape
      # behind it. U+FFFD takes its place, so that a tuple of a stranger cannot end the process.
      def repair(text)
        text.gsub(ANY_ESCAPE) { |escape| escape.match?(LONE_SURROGATE) ? '\ufffd' : escape }
      end
    end
  end
end
