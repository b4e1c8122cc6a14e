# frozen_string_literal: true

# Owns the bytes that came from the host and are not yet a whole message. Pure: bytes in, messages out, no I/O.
# However the bytes were cut into chunks, the messages are the same, in the same order.

module Polybolt
  class FrameReader
    # A message that is no JSON object and no JSON array. It takes the place of the message, so that those before it
    # are still handled.
    Unreadable = Struct.new(:bytes)

    END_LINE = /^end\r?\n/n.freeze
    PLAIN_END_LINE = "\nend\n".b.freeze

    # The longest piece of an end line, and the line break before it, that can be left over from the chunk before.
    OVERLAP_BYTES = "\nend\r".bytesize

    def initialize
      @bytes = String.new(encoding: Encoding::BINARY)
    end

    # Hot path: all whole messages of a chunk are parsed in one go, which halves the cost of each.
    #
    # @param chunk [String] bytes as they were read
    # @return [Array<Hash, Array, Unreadable>] the messages that are whole now; nothing follows an Unreadable
    def feed(chunk)
      from = [@bytes.bytesize - OVERLAP_BYTES, 0].max
      @bytes << chunk
      return [] unless @bytes.index(END_LINE, from)

      @bytes.rindex(END_LINE)
      whole = @bytes.slice!(0, Regexp.last_match.end(0))
      together(whole) || one_by_one(whole)
    end

    # The input has ended: a last line `end` without its line break counts; half a message does not.
    def finish
      feed("\n")
    end

    private

    # Parses the messages as one list, or returns nil for `one_by_one` to find out which is wrong or oddly spaced.
    def together(whole)
      texts = whole.split(PLAIN_END_LINE, -1)
      return unless texts.pop.empty?

      messages = JsonText.parse("[#{texts.join(',')}]".force_encoding(Encoding::UTF_8))
      messages if messages.size == texts.size && messages.all? { |message| message?(message) }
    rescue JSON::ParserError, EncodingError
      nil
    end

    def one_by_one(whole)
      texts = whole.split(END_LINE, -1)
      texts.pop
      messages = []
      texts.each do |text|
        messages << decode(text)
        break if messages.last.is_a?(Unreadable)
      end
      messages
    end

    def decode(text)
      message = JsonText.parse(text.dup.force_encoding(Encoding::UTF_8))
      message?(message) ? message : Unreadable.new(text)
    rescue JSON::ParserError, EncodingError, ArgumentError
      Unreadable.new(text)
    end

    def message?(message)
      message.is_a?(Hash) || message.is_a?(Array)
    end
  end
end
