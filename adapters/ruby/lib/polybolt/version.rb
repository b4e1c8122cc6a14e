# frozen_string_literal: true

# Owns the library's version, which the gemspec reads without loading anything else.

module Polybolt
  VERSION = "0.1.0"
end
