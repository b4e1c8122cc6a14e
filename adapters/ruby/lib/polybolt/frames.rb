# frozen_string_literal: true

# Owns the text of every frame that goes to the host: one JSON text on one line and a line `end`. The order of keys is
# constant, because the host recognises the shape of the emit before; a key without a value is left out.

module Polybolt
  module Frames
    SYNC = "{\"command\":\"sync\"}\nend\n"

    module_function

    # Hot path: 1 µs for two short values.
    #
    # @param head [String, nil] the id or the anchors, as written by `id` or `anchors`
    # @param values [Array]
    # @param stream [String, nil]
    # @param direct_task [Integer, nil]
    # @param need_task_ids [Boolean] whether the host shall answer with the task ids
    # @raise [UnencodableError] when JSON cannot hold a value
    def emit(head, values, stream, direct_task, need_task_ids)
      unless values.is_a?(Array)
        raise UnencodableError, "emit takes its values in an Array such as [word, count]; it was given #{values.class}."
      end

      text = JsonText.generate(values, "the values of an emit")
      unless stream || direct_task || need_task_ids
        return "{\"command\":\"emit\"#{head},\"need_task_ids\":false,\"tuple\":#{text}}\nend\n"
      end

      route = route(stream, direct_task)
      "{\"command\":\"emit\"#{head}#{route}#{',"need_task_ids":false' unless need_task_ids},\"tuple\":#{text}}\nend\n"
    end

    def route(stream, direct_task)
      "#{",\"stream\":#{JsonText.generate(stream, 'a stream')}" if stream}" \
        "#{",\"task\":#{JsonText.generate(direct_task, 'a direct task')}" if direct_task}"
    end

    def id(id)
      ",\"id\":#{JsonText.generate(id, 'the id of an emit')}" unless id.nil?
    end

    # @param wire_ids [Array<String>] ids of tuples as JSON
    def anchors(wire_ids)
      ",\"anchors\":[#{wire_ids.join(',')}]" unless wire_ids.empty?
    end

    # @param wire_id [String] the id of a tuple as JSON
    def ack(wire_id)
      "{\"command\":\"ack\",\"id\":#{wire_id}}\nend\n"
    end

    def fail(wire_id)
      "{\"command\":\"fail\",\"id\":#{wire_id}}\nend\n"
    end

    # Any message at all.
    def message(message)
      "#{JsonText.generate(message, 'a message')}\nend\n"
    end
  end
end
