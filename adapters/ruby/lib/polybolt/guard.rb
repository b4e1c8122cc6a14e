# frozen_string_literal: true

# Owns the move of the protocol to private descriptors. Afterwards descriptor 0 is /dev/null and descriptor 1 a copy
# of stderr, so that prints by user code, child processes and C libraries cannot reach the host.

module Polybolt
  module Guard
    module_function

    # @return [Array(IO, IO)] the protocol's input and output; children do not inherit them
    def take
      # Fresh objects over the old descriptors: STDOUT's own dup and reopen would flush into the protocol whatever the
      # program printed before it ran the component.
      input = IO.for_fd(0, "rb", autoclose: false).dup
      stdout = IO.for_fd(1, "wb", autoclose: false)
      output = stdout.dup
      STDIN.reopen(File::NULL)
      stdout.reopen(STDERR)
      STDOUT.sync = true
      [input.binmode, output.binmode]
    end
  end
end
