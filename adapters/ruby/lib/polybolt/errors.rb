# frozen_string_literal: true

# Owns the errors that the library raises, and the text in which any error is reported to the host.
# That text is always valid UTF-8, so that reporting an error cannot raise another one.

module Polybolt
  # Raised by emit and report_metric when a value has no JSON form. Nothing has been written when it is raised.
  # It is a JSON::GeneratorError so that a rescue written for Ruby's own JSON catches it too.
  class UnencodableError < JSON::GeneratorError
    def initialize(message)
      super(message)
    end
  end

  # What ends a conversation. These are no StandardErrors: an author's `rescue => error` around a lazy list of task ids
  # must not keep a component alive that nobody can talk to.
  class EndOfConversation < Exception # rubocop:disable Lint/InheritException
  end

  # Raised when the host has closed the input.
  class EndOfInput < EndOfConversation
  end

  # Raised when the host sent something that is no JSON object and no JSON array.
  class UnreadableMessageError < EndOfConversation
  end

  module ErrorText
    module_function

    # The message of an exception with its trace, or a text as it is.
    def of(error)
      utf8(error.is_a?(Exception) ? error.full_message(highlight: false, order: :top) : error)
    end

    # The text in UTF-8; bytes that are none are replaced, because a log line is worth more than its exact bytes.
    def utf8(text)
      text = text.to_s
      if [Encoding::UTF_8, Encoding::BINARY, Encoding::US_ASCII].include?(text.encoding)
        text.dup.force_encoding(Encoding::UTF_8).scrub
      else
        text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
      end
    end
  end
end
