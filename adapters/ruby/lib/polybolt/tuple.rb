# frozen_string_literal: true

# Owns one tuple that came to a bolt. Its id is text of the host's choosing and goes back exactly as it came.

module Polybolt
  class Tuple
    attr_reader :id, :component, :stream, :task, :values

    # True once the tuple has been acked or failed; the library then leaves it alone.
    attr_accessor :settled

    # @param id [String] the host's name for the tuple
    # @param component [String, nil] the id of the component that emitted it
    # @param stream [String] the stream it came on
    # @param task [Integer] the task that emitted it
    # @param values [Array] its values
    def initialize(id, component, stream, task, values)
      @id = id
      @component = component
      @stream = stream
      @task = task
      @values = values
    end

    def tick?
      @stream == "__tick" && @component == "__system"
    end

    # The id as JSON, written once for emit and ack alike.
    def wire_id
      @wire_id ||= JsonText.generate(@id, "the id of a tuple")
    end

    # What an emit anchored to this tuple alone says of it.
    def wire_anchors
      @wire_anchors ||= ",\"anchors\":[#{wire_id}]"
    end
  end
end
